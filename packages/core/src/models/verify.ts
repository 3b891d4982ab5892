import { CheckError, explain } from '../errors.js';
import { Network, type NetworkOptions } from '../network/index.js';
import { checkPorts } from './ports.js';
import { pass, testPicture } from './probe.js';
import { type InstalledModel, verifiedGraph } from './store.js';

export interface Verification {
  readonly id: string;
  readonly sha256: string;
  readonly provider: string;
  /** Milliseconds of one pass over a picture of about 128x128. */
  readonly milliseconds: number;
}

/**
 * Hash, ports and one run of an installed model.
 * @throws ModelError for a wrong hash, port or output; CheckError where the output has the wrong size
 */
export async function verifyModel(model: InstalledModel, options: NetworkOptions = {}): Promise<Verification> {
  const { manifest } = model;
  const { id, input, output, scale, multiple, graph } = manifest;
  const network = await Network.open(id, await verifiedGraph(model, options.signal), options);
  try {
    checkPorts(manifest, network);
    const side = Math.ceil(128 / multiple) * multiple;
    const subject = { network, input, output, channels: input.colour === 'grey' ? 1 : 3, range: input.range };
    const picture = testPicture(subject.channels, side, side, input.range);
    const start = performance.now();
    const { dims } = await pass(subject, picture, side, side, options.signal);
    const milliseconds = performance.now() - start;
    const expected = [1, output.colour === 'grey' ? 1 : 3, side * scale, side * scale];
    if (dims.some((d, i) => d !== expected[i]))
      throw new CheckError(
        explain({ name: `${id} output`, expected: `[${expected.join(', ')}]`, got: `[${dims.join(', ')}]` }),
      );
    return { id, sha256: graph.sha256, provider: network.ran.provider, milliseconds };
  } finally {
    await network.dispose();
  }
}
