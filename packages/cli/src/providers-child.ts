/** The child of `tryProviders`: for every provider named as an argument one line of JSON. */
import { listModels, Network, restorerModel, verifiedGraph } from '@ir/core';
import type { ProviderReport } from './providers.js';

const bundled = (await listModels()).models
  .filter(({ origin, manifest }) => origin === 'bundled' && manifest.kind === 'restorer')
  .map(restorerModel);
const smallest = bundled.sort((a, b) => a.manifest.graph.bytes - b.manifest.graph.bytes)[0];
if (!smallest) throw new Error('no bundled network');
const path = await verifiedGraph(smallest);

async function report(provider: string): Promise<ProviderReport> {
  try {
    const network = await Network.open(smallest!.manifest.id, path, { providers: [provider] });
    await network.dispose();
    return { provider, available: true };
  } catch (error) {
    const { message } = error as Error;
    return { provider, available: false, reason: /got \w+: (.*?)\.?( Add cpu.*)?$/s.exec(message)?.[1] ?? message };
  }
}

for (const provider of process.argv.slice(2)) process.stdout.write(`${JSON.stringify(await report(provider))}\n`);
