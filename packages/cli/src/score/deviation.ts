import { stat } from 'node:fs/promises';
import { type AppliedDegradation, decode, type MetricInput, saveImage } from '@ir/core';
import { createMetrics, type DeviationMap, deviationMap, drawDeviation } from '@ir/metrics';
import { checkPictureOutput } from '../files.js';
import { given } from '../options.js';
import { decodeOptions } from '../pictures.js';
import type { Session } from '../session.js';
import { type ScoreFlags, settingsOf, usage } from './flags.js';
import { digits } from './numbers.js';

/** A map that is asked for and can be written. */
export interface Deviation {
  /** Measures, draws and saves; says on stderr what the colours mean. */
  draw(session: Session): Promise<void>;
  /** Ends the encoder. */
  close(): Promise<void>;
}

/**
 * Checks what can be checked before any work; undefined where no map is asked for.
 * @throws UsageError `IR_E_USAGE` for folders, for a file that is an input, for an encoder that is not there
 */
export async function openDeviation(
  reference: string | undefined,
  output: string,
  flags: ScoreFlags,
  applied: AppliedDegradation | undefined,
): Promise<Deviation | undefined> {
  const { deviationMap: file, input } = flags;
  if (file === undefined) return undefined;
  const folder = await stat(output).then(
    (found) => found.isDirectory(),
    () => false, // told when it is read
  );
  if (folder) throw usage('--deviation-map', 'two files to compare', 'folders', 'Name one pair of pictures');
  const paths = [reference, output, input].filter((path) => path !== undefined);
  await checkPictureOutput(file, paths);
  const settings = settingsOf(flags);
  const [patches] = createMetrics(['align-patch-cos'], settings); // holds the encoder
  return {
    async draw(session) {
      const { signal } = session;
      const read = (path: string) => decode(path, decodeOptions(flags, signal));
      const pictures: MetricInput = {
        image: await read(output),
        signal,
        ...(reference === undefined ? {} : { reference: await read(reference) }),
        ...(input === undefined ? {} : { input: await read(input) }),
        ...given('applied', applied),
      };
      const map = await deviationMap(pictures, settings);
      await saveImage(drawDeviation(map), file, { signal });
      session.note(describe(file, map));
    },
    close: async () => patches?.dispose?.(),
  };
}

function describe(file: string, { values, columns, rows, side, encoder }: DeviationMap): string {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const most = values.reduce((a, b) => Math.max(a, b));
  return [
    `${file}: 1 - cos of patch tokens by ${encoder}, ${columns}x${rows} squares of ${side} pixels, mean ${digits(mean)}, at most ${digits(most)}`,
    '  grey: nothing changed; amber, then red at 1 and above: another meaning to this encoder',
  ].join('\n');
}
