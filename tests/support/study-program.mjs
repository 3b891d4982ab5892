// Runs a study and writes its report, in a process that a test can kill: node study-program.mjs SPEC IMAGES OUT JOBS
import { loadStudySpec, readStudy, runStudy, writeReport } from '@ir/core';
import { setup } from './study-registry.mjs';

const [spec, images, out, jobs] = process.argv.slice(2);
const registryModule = new URL('./study-registry.mjs', import.meta.url).href;
const { computed } = await runStudy(await loadStudySpec(spec), {
  images,
  out,
  jobs: Number(jobs),
  registry: setup(),
  registryModule,
});
await writeReport(await readStudy(out), out);
console.log(JSON.stringify({ computed }));
