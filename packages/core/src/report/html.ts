/** Markup that may stand in a page as it is. Only `html`, `join` and `trusted` make it. */
export class Markup {
  constructor(readonly text: string) {}
  toString(): string {
    return this.text;
  }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (mark) => ENTITIES[mark]!);

type Piece = Markup | string | number | null | undefined | false | readonly Piece[];

function render(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return '';
  if (piece instanceof Markup) return piece.text;
  if (Array.isArray(piece)) return piece.map(render).join('');
  return escapeHtml(String(piece));
}

/** A piece of a page: what is filled in is escaped, for text and quoted attributes alike, unless it is markup itself. */
export const html = (parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup =>
  new Markup(parts.map((part, i) => (i === 0 ? part : render(pieces[i - 1]) + part)).join(''));

/** Text of our own making (a style sheet, a plot) taken as markup. Never for anything that comes from a study. */
export const trusted = (text: string): Markup => new Markup(text);

/** Data for a script: JSON in which nothing can end the element around it. */
export const dataFor = (value: unknown): Markup =>
  new Markup(
    JSON.stringify(value)
      .replace(/</g, '\\u003c')
      .replace(/\u2028/g, '\\u2028')
      .replace(/\u2029/g, '\\u2029'),
  );

/** A relative file name as a URL: `#`, `?`, spaces and quotes in names stay part of the name. */
export const relativeUrl = (path: string): string => path.split('/').map(encodeURIComponent).join('/');
