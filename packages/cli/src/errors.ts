import { describeValue, explain, IrError, suggest, UsageError } from '@ir/core';
import type { Command, CommanderError } from 'commander';

/** Was JSON asked for? Read from the arguments themselves, since parsing may be what failed. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--json');
}

/** What is not one of ours: the machine's doing, or a defect, which keeps its stack. */
function unexpected(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'IR_E_INTERNAL', message: String(error) };
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code))
    return { code: 'IR_E_ENVIRONMENT', message: error.message };
  return { code: 'IR_E_INTERNAL', message: error.stack ?? error.message };
}

/** An error as one line for people, or as `{"error":{"code","message"}}`. */
export function describeError(error: unknown, json: boolean): string {
  const { code, message } = error instanceof IrError ? error : unexpected(error);
  return json ? JSON.stringify({ error: { code, message } }) : `error: ${message} [${code}]`;
}

/** `ir study run` */
export function commandPath(command: Command): string {
  return command.parent ? `${commandPath(command.parent)} ${command.name()}` : command.name();
}

/** The flags a command knows, as they are typed. */
function knownFlags(command: Command): string[] {
  return [...command.options.flatMap(({ long, short }) => [long, short]), '--help'].filter((flag) => flag != null);
}

const quoted = (message: string): string[] => [...message.matchAll(/'([^']*)'/g)].map(([, text]) => text!);

/** `-o, --out <file>` -> `--out` */
const flagOf = (option: string) => /--[a-z0-9-]+/i.exec(option)?.[0] ?? option;

const didYouMean = (near: string | undefined, otherwise: string) =>
  near === undefined ? otherwise : `Did you mean ${near}?`;

/** A complaint of the argument parser in the grammar that all errors have. */
export function asUsageError({ code, message }: CommanderError, command: Command): UsageError {
  const name = commandPath(command);
  const see = `See \`${name} --help\``;
  const [first = '', second = ''] = quoted(message);
  const usage = (expected: string, got: string, fix = see) =>
    new UsageError('IR_E_USAGE', explain({ name, expected, got, fix }));
  switch (code) {
    case 'commander.unknownOption':
      return usage('only known flags', first, didYouMean(suggest(first.split('=')[0]!, knownFlags(command)), see));
    case 'commander.unknownCommand':
      return unknownCommand(command, first);
    case 'commander.help':
      return usage(`a command (${commandNames(command).join(', ')})`, 'none');
    case 'commander.missingArgument':
      return usage(first, 'nothing');
    case 'commander.optionMissingArgument':
      return usage(`a value after ${flagOf(first)}`, 'nothing');
    case 'commander.missingMandatoryOptionValue':
      return usage(flagOf(first), 'nothing');
    case 'commander.conflictingOption':
      return usage(`${flagOf(first)} or ${flagOf(second)}`, 'both');
    case 'commander.excessArguments': {
      const taken = command.registeredArguments.map((argument) => argument.name()).join(' and ');
      const extra = command.args.slice(command.registeredArguments.length).map(describeValue).join(', ');
      return usage(taken ? `only ${taken}` : 'no argument', `also ${extra}`);
    }
    default:
      return usage('arguments that can be read', message.replace(/^error: /, ''));
  }
}

const commandNames = (command: Command): string[] => command.commands.map((one) => one.name());

export function unknownCommand(command: Command, got: string): UsageError {
  const known = commandNames(command);
  const name = commandPath(command);
  const expected = `a command (${known.join(', ')})`;
  const fix = didYouMean(suggest(got, known), `See \`${name} --help\``);
  return new UsageError('IR_E_UNKNOWN_NAME', explain({ name, expected, got: describeValue(got), fix }));
}
