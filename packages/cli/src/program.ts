import { Command } from 'commander';
import { degradeCommand } from './commands/degrade.js';
import { inspectCommand } from './commands/inspect.js';
import { metricsCommand } from './commands/metrics.js';
import { modelsCommand } from './commands/models.js';
import { profileCommand } from './commands/profile.js';
import { restoreCommand } from './commands/restore.js';
import { samplerCommand } from './commands/sampler.js';
import { scoreCommand } from './commands/score.js';
import { studyCommand } from './commands/study.js';
import { asUsageError, unknownCommand } from './errors.js';
import { withExamples } from './options.js';
import type { Terminal } from './terminal.js';
import { version } from './versions.js';

const EXAMPLES = [
  'ir study run                                          the paper’s Figure 2 on the bundled photographs, with a report',
  'ir degrade photo.png --preset SR2 --seed 1 -o small.png',
  'ir restore blurred.png -o sharp.png                   by the bundled network, blind',
  'ir score photo.png sharp.png --metric psnr,ssim-y,niqe --json',
  'ir help study run                                     everything about one command',
];

const STATUS = `
Exit status: 0 ok, 1 a failed check, 2 usage or unusable input, 3 environment, 4 part of the work failed, 130 interrupted.
Results stand on stdout, everything else on stderr; with --json one object each.`;

function helpCommand(program: Command): Command {
  return new Command('help')
    .summary('about a command')
    .argument('[command...]', 'for example: study run')
    .action((path: string[]) => {
      const found = path.reduce((at, name) => {
        const next = at.commands.find((command) => command.name() === name);
        if (!next) throw unknownCommand(at, name);
        return next;
      }, program);
      found.outputHelp();
    });
}

/** Streams and error grammar for a command and all below it; commander would print and exit by itself. */
function connect(command: Command, terminal: Terminal): void {
  command
    .helpCommand(false)
    .helpOption('-h, --help', 'this text')
    .showSuggestionAfterError(false)
    .configureHelp({ showGlobalOptions: false })
    .configureOutput({
      writeOut: (text) => terminal.stdout.write(text),
      writeErr: (text) => terminal.stderr.write(text),
      outputError: () => {},
      getOutHelpWidth: () => terminal.stdout.columns ?? 100,
      getErrHelpWidth: () => terminal.stderr.columns ?? 100,
    })
    .exitOverride((error) => {
      throw error.exitCode === 0 ? error : asUsageError(error, command);
    });
  for (const child of command.commands) connect(child, terminal);
}

/** The whole command line over one terminal; `argv` is what was typed, for records of a run. */
export function buildProgram(terminal: Terminal, argv: readonly string[] = []): Command {
  const program = new Command('ir')
    .description(
      'Is a conditional latent diffusion model the right tool to restore these pictures, or does a traditional network serve better? Degrades, restores, scores, compares and reports.',
    )
    .version(`ir ${version()}`, '--version', 'version of ir');
  const make = [
    degradeCommand,
    restoreCommand,
    scoreCommand,
    studyCommand,
    profileCommand,
    modelsCommand,
    metricsCommand,
    samplerCommand,
    inspectCommand,
  ];
  for (const command of make) program.addCommand(command(terminal, argv));
  program.addCommand(helpCommand(program));
  withExamples(program, EXAMPLES).addHelpText('after', STATUS);
  connect(program, terminal);
  return program;
}
