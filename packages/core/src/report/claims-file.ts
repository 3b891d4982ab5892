import { LEVEL } from './bootstrap.js';
import type { TestedClaim } from './claims.js';
import { sentenceOf } from './page/claims.js';
import { FEWEST_PICTURES } from './statistics.js';

/** `claims.json`: the verdicts with their numbers in full, and in words. */
export function claimsJson(claims: readonly TestedClaim[], pictures: number): string {
  const told = claims.map((tested) => ({
    text: tested.claim.text,
    test: tested.claim.test,
    outcome: tested.outcome,
    sentence: sentenceOf(tested, pictures),
    lines: tested.lines,
  }));
  const content = { schema: 'ir.claims/1', pictures, fewestPictures: FEWEST_PICTURES, level: LEVEL, claims: told };
  return `${JSON.stringify(content, null, 2)}\n`;
}
