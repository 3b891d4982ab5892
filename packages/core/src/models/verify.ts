import { CheckError } from '../errors.js';
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
 * Hash, ports and one run of an installed model. @throws ModelError for a wrong hash, port or output; CheckError where the output has the wrong size
 */
export async function verifyModel(model: InstalledModel, options: NetworkOptions = {}): Promise<Verification> {
  const { manifest } = model;
  const network = await Network.open(manifest.id, await verifiedGraph(model, options.signal), options);
  try {
    checkPorts(manifest, network);
    const side = Math.ceil(128 / manifest.multiple) * manifest.multiple;
    const channels = manifest.input.colour === 'grey' ? 1 : 3;
    const subject = {
      network,
      input: manifest.input.name,
      output: manifest.output.name,
      channels,
      range: manifest.input.range,
    };
    const start = performance.now();
    const { dims } = await pass(
      subject,
      testPicture(channels, side, side, manifest.input.range),
      side,
      side,
      options.signal,
    );
    const milliseconds = performance.now() - start;
    if (dims[2] !== side * manifest.scale || dims[3] !== side * manifest.scale)
      throw new CheckError(
        `${manifest.id}: expected an output of ${side * manifest.scale} pixels a side, got [${dims.join(', ')}]`,
      );
    return { id: manifest.id, sha256: manifest.graph.sha256, provider: network.ran.provider, milliseconds };
  } finally {
    await network.dispose();
  }
}
