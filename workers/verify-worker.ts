import { runVerifyTask } from '../src/store/verify.ts';

export default runVerifyTask;
