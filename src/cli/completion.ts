import { Argument, type Command } from 'commander';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** `ingot completion SHELL` */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print a script that completes command lines in a shell')
    .addArgument(new Argument(`<${SHELLS.join('|')}>`, 'the shell').choices(SHELLS))
    .action(async (shell: Shell) => {
      const [{ outlineOf }, write] = await Promise.all([
        import('./help/outline.ts'),
        WRITERS[shell](),
      ]);
      process.stdout.write(write(outlineOf(program)));
    });
}

const WRITERS = {
  bash: async () => (await import('./help/bash.ts')).bashCompletion,
  zsh: async () => (await import('./help/zsh.ts')).zshCompletion,
  fish: async () => (await import('./help/fish.ts')).fishCompletion,
};
