// node calibrate.mjs FILE: what `ir inspect --calibrate FILE` measures, on fewer sides.
import { writeFileSync } from 'node:fs';
import { calibrate, inspect } from './packages/native/dist/index.js';

console.log(JSON.stringify(inspect().cuda), `threads ${inspect().threads}, variant ${inspect().variant}`);
const calibration = await calibrate({ sides: [256, 512, 1024, 2048] });
writeFileSync(process.argv[2], `${JSON.stringify(calibration, null, 1)}\n`);
console.log(JSON.stringify(calibration.crossover));
