import { runRateTask } from '../src/doctor/rate-task.ts';

export default runRateTask;
