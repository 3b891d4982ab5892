import type { z } from 'zod';
import { UsageError } from './classes.js';
import { describeValue, explain, suggest } from './wording.js';

type Issue = z.core.$ZodIssue;
type Schema = z.core.$ZodType;
type Path = readonly PropertyKey[];

const joinPath = (root: string, path: Path): string =>
  path.reduce<string>((text, key) => (typeof key === 'number' ? `${text}[${key}]` : `${text}.${String(key)}`), root);

const article = (noun: string) => (/^[aeiou]/.test(noun) ? `an ${noun}` : `a ${noun}`);

/** Every schema that may stand where `schema` does: wrappers opened, unions spread out. */
function alternatives(schema: Schema): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  switch (def.type) {
    case 'optional':
    case 'nullable':
    case 'default':
    case 'prefault':
    case 'nonoptional':
    case 'readonly':
    case 'catch':
      return alternatives(def.innerType);
    case 'pipe':
      return [...alternatives(def.in), ...alternatives(def.out)];
    case 'lazy':
      return alternatives(def.getter());
    case 'union':
      return def.options.flatMap(alternatives);
    default:
      return [schema];
  }
}

function childrenOf(schema: Schema, key: PropertyKey): Schema[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'object') return Object.hasOwn(def.shape, key) ? [def.shape[key as string]!] : [];
  if (def.type === 'array') return [def.element];
  if (def.type === 'record') return [def.valueType];
  if (def.type === 'tuple') return [def.items[key as number] ?? def.rest].filter((item) => item != null);
  return [];
}

/** Of several object shapes, those whose literal keys (`kind: 'blur'`) agree with what came; all of them if none does. */
function matching(schemas: Schema[], value: unknown): Schema[] {
  if (typeof value !== 'object' || value === null) return schemas;
  const agree = schemas.filter((schema) => {
    const { def } = (schema as z.core.$ZodTypes)._zod;
    if (def.type !== 'object') return false;
    return Object.entries(def.shape).every(([key, field]) => {
      const inner = (field as z.core.$ZodTypes)._zod.def;
      return inner.type !== 'literal' || (inner.values as unknown[]).includes((value as Record<string, unknown>)[key]);
    });
  });
  return agree.length > 0 ? agree : schemas;
}

/** The keys an object may have at `path` of a schema. */
function knownKeys(schema: Schema, path: Path, value: unknown): string[] {
  let at = matching(alternatives(schema), value);
  let inner = value;
  for (const key of path) {
    inner = (inner as Record<PropertyKey, unknown> | undefined)?.[key];
    at = matching(at.flatMap((one) => childrenOf(one, key)).flatMap(alternatives), inner);
  }
  const keys = at.flatMap((one) => {
    const { def } = (one as z.core.$ZodTypes)._zod;
    return def.type === 'object' ? Object.keys(def.shape) : [];
  });
  return [...new Set(keys)];
}

/** The values a union's discriminator may take. */
function discriminators(schema: Schema, path: Path, value: unknown): string[] {
  const key = path.at(-1);
  if (key === undefined) return [];
  let at = alternatives(schema);
  let inner = value;
  for (const step of path.slice(0, -1)) {
    inner = (inner as Record<PropertyKey, unknown> | undefined)?.[step];
    at = at.flatMap((one) => childrenOf(one, step)).flatMap(alternatives);
  }
  const literals = at.flatMap((one) => childrenOf(one, key)).map((field) => (field as z.core.$ZodTypes)._zod.def);
  return literals.flatMap((def) => {
    if (def.type === 'literal') return (def.values as unknown[]).map(String);
    return def.type === 'enum' ? Object.values(def.entries as Record<string, unknown>).map(String) : [];
  });
}

/** Is the branch for another kind of value altogether? */
const isElsewhere = (branch: readonly Issue[]): boolean =>
  branch.some(({ code, path }) => path.length === 0 && (code === 'invalid_type' || code === 'invalid_value'));

/**
 * Of a union's branches, the one that came closest: for values of this kind, failing deepest, then with the fewest complaints. Where it wants
 * another word at a place (`law: linear`), the words of the other branches may stand there too.
 */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] {
  const depth = (branch: readonly Issue[]) => Math.max(0, ...branch.map((issue) => issue.path.length));
  const order = (a: readonly Issue[], b: readonly Issue[]) =>
    Number(isElsewhere(a)) - Number(isElsewhere(b)) || depth(b) - depth(a) || a.length - b.length;
  const closest = [...branches].sort(order)[0] ?? [];
  const all = branches.flat();
  return closest.map((issue) => {
    if (issue.code !== 'invalid_value') return issue;
    const same = all.flatMap((one) => (one.code === 'invalid_value' && samePath(one, issue) ? one.values : []));
    return { ...issue, values: [...new Set(same)] };
  });
}

const samePath = (a: Issue, b: Issue) => a.path.length === b.path.length && a.path.every((key, i) => key === b.path[i]);

function bound(issue: z.core.$ZodIssueTooBig | z.core.$ZodIssueTooSmall): string {
  const big = issue.code === 'too_big';
  const limit = String(big ? issue.maximum : issue.minimum);
  const side = issue.inclusive === false ? (big ? 'below' : 'above') : big ? 'at most' : 'at least';
  if (issue.origin === 'string') return `${side} ${limit} characters`;
  if (issue.origin === 'array' || issue.origin === 'set')
    return `${side} ${limit} ${limit === '1' ? 'entry' : 'entries'}`;
  return `${issue.origin === 'int' ? 'an integer' : 'a number'} ${side} ${limit}`;
}

const choices = (values: readonly unknown[]) =>
  values.length === 1 ? JSON.stringify(values[0]) : `one of ${values.map((value) => JSON.stringify(value)).join(', ')}`;

function nearest(value: unknown, values: readonly unknown[]): string | undefined {
  if (typeof value !== 'string') return undefined;
  const near = suggest(
    value,
    values.filter((one) => typeof one === 'string'),
  );
  return near === undefined ? undefined : `Did you mean ${JSON.stringify(near)}?`;
}

function describe(issue: Issue, schema: Schema, root: string, input: unknown, before: Path): string[] {
  const path = [...before, ...issue.path];
  const name = joinPath(root, path);
  const got = describeValue(valueAt(input, path));
  switch (issue.code) {
    case 'unrecognized_keys': {
      // A key that only another form of the object has is no suggestion here.
      const known = knownKeys(schema, path, input).filter((key) => !issue.keys.includes(key));
      return issue.keys.map((key) => {
        const near = suggest(key, known);
        const fix = near === undefined ? `Allowed here: ${known.join(', ')}` : `Did you mean ${JSON.stringify(near)}?`;
        return explain({ name, expected: 'only known keys', got: JSON.stringify(key), fix });
      });
    }
    case 'invalid_type': {
      const missing = valueAt(input, path) === undefined;
      const expected = article(
        issue.expected === 'int' ? 'integer' : issue.expected === 'record' ? 'object' : issue.expected,
      );
      return [explain({ name, expected, got, fix: missing ? 'Give it' : undefined })];
    }
    case 'too_big':
    case 'too_small':
      return [explain({ name, expected: bound(issue), got })];
    case 'not_multiple_of':
      return [explain({ name, expected: `a multiple of ${issue.divisor}`, got })];
    case 'invalid_value':
      return [
        explain({ name, expected: choices(issue.values), got, fix: nearest(valueAt(input, path), issue.values) }),
      ];
    case 'invalid_union': {
      const values = discriminators(schema, path, input);
      if (issue.errors.length > 0) {
        return closestBranch(issue.errors).flatMap((inner) => describe(inner, schema, root, input, path));
      }
      return [explain({ name, expected: choices(values), got, fix: nearest(valueAt(input, path), values) })];
    }
    case 'invalid_format':
      return [
        explain({
          name,
          expected: issue.pattern ? `text matching ${issue.pattern}` : `text in the form ${issue.format}`,
          got,
        }),
      ];
    default:
      // Refinements state what they expect as their message.
      return [explain({ name, expected: issue.message, got })];
  }
}

function valueAt(input: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input);
}

/** Every complaint of a failed parse in the one grammar, one line each, at most ten. `name` is what the user calls the data. */
export function formatIssues(error: z.core.$ZodError, schema: z.core.$ZodType, input: unknown, name: string): string {
  const lines = error.issues.flatMap((issue) => describe(issue, schema, name, input, []));
  const more = lines.length - 10;
  return more > 0 ? [...lines.slice(0, 10), `... and ${more} more.`].join('\n') : lines.join('\n');
}

/**
 * `value` as the schema's output type. Make object schemas strict (`z.strictObject`): unknown keys then come with a suggestion,
 * and give refinements a message that says what was expected.
 * @param name what the user calls the data: a file name, `degradation`, `--settings`
 * @throws UsageError `IR_E_SCHEMA` naming every offending place
 */
export function parseWith<S extends z.core.$ZodType>(schema: S, value: unknown, name: string): z.output<S> {
  const result = safeParse(schema, value);
  if (result.success) return result.data;
  throw new UsageError('IR_E_SCHEMA', formatIssues(result.error, schema, value, name), { cause: result.error });
}

function safeParse<S extends z.core.$ZodType>(schema: S, value: unknown) {
  return (schema as unknown as z.ZodType<z.output<S>>).safeParse(value);
}
