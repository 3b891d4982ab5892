/**
 * Discrete Fourier transform of any length, in double precision, planned once and run many times: radix 4 and 2 for powers of two, the
 * chirp transform (Bluestein 1970) for the rest. Forward, unscaled: X_k = sum_j x_j exp(-2 pi i j k / n).
 */
export interface Fft {
  readonly size: number;
  /** In place; both arrays hold `size` values or more. */
  run(re: Float64Array, im: Float64Array): void;
}

function powerOfTwo(size: number): Fft {
  const half = size >> 1;
  const cos = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
  const sin = Float64Array.from({ length: half }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
  const bits = Math.log2(size);
  const swapFrom: number[] = [];
  for (let i = 0; i < size; i++) {
    let reversed = 0;
    for (let b = 0; b < bits; b++) if (i & (1 << b)) reversed |= 1 << (bits - 1 - b);
    if (reversed > i) swapFrom.push(i, reversed);
  }
  const swaps = Uint32Array.from(swapFrom);
  return {
    size,
    run(re, im) {
      for (let s = 0; s < swaps.length; s += 2) {
        const i = swaps[s]!;
        const j = swaps[s + 1]!;
        const a = re[i]!;
        re[i] = re[j]!;
        re[j] = a;
        const b = im[i]!;
        im[i] = im[j]!;
        im[j] = b;
      }
      let span = 1;
      if (bits & 1) {
        for (let i = 0; i < size; i += 2) {
          const a = re[i + 1]!;
          const b = im[i + 1]!;
          re[i + 1] = re[i]! - a;
          im[i + 1] = im[i]! - b;
          re[i]! += a;
          im[i]! += b;
        }
        span = 2;
      }
      // Two radix-2 levels at a time: half the passes over memory.
      for (; span < size; span *= 4) {
        const stride = half / span; // twiddle step of the first level; the second uses half of it
        const fine = stride >> 1;
        for (let j = 0; j < span; j++) {
          const c1 = cos[j * stride]!;
          const s1 = sin[j * stride]!;
          const c2 = cos[j * fine]!;
          const s2 = sin[j * fine]!;
          for (let i0 = j; i0 < size; i0 += 4 * span) {
            const i1 = i0 + span;
            const i2 = i1 + span;
            const i3 = i2 + span;
            const r1 = re[i1]! * c1 - im[i1]! * s1;
            const m1 = re[i1]! * s1 + im[i1]! * c1;
            const r3 = re[i3]! * c1 - im[i3]! * s1;
            const m3 = re[i3]! * s1 + im[i3]! * c1;
            const ar = re[i0]! + r1;
            const ai = im[i0]! + m1;
            const br = re[i0]! - r1;
            const bi = im[i0]! - m1;
            const ur = re[i2]! + r3;
            const ui = im[i2]! + m3;
            const vr = re[i2]! - r3;
            const vi = im[i2]! - m3;
            const cr = ur * c2 - ui * s2;
            const ci = ur * s2 + ui * c2;
            // The second level's lower half turns a further quarter: -i times the same twiddle.
            const dr = vr * s2 + vi * c2;
            const di = vi * s2 - vr * c2;
            re[i0] = ar + cr;
            im[i0] = ai + ci;
            re[i2] = ar - cr;
            im[i2] = ai - ci;
            re[i1] = br + dr;
            im[i1] = bi + di;
            re[i3] = br - dr;
            im[i3] = bi - di;
          }
        }
      }
    },
  };
}

function chirp(size: number): Fft {
  const padded = 2 ** Math.ceil(Math.log2(2 * size - 1));
  const inner = powerOfTwo(padded);
  // exp(-i pi j^2 / n), the square reduced modulo 2n so that large indices keep their precision.
  const angle = (j: number) => (Math.PI * ((j * j) % (2 * size))) / size;
  const cos = Float64Array.from({ length: size }, (_, j) => Math.cos(angle(j)));
  const sin = Float64Array.from({ length: size }, (_, j) => -Math.sin(angle(j)));
  const kernelRe = new Float64Array(padded);
  const kernelIm = new Float64Array(padded);
  for (let j = 0; j < size; j++) {
    kernelRe[j] = cos[j]! / padded;
    kernelIm[j] = -sin[j]! / padded;
    if (j > 0) {
      kernelRe[padded - j] = kernelRe[j]!;
      kernelIm[padded - j] = kernelIm[j]!;
    }
  }
  inner.run(kernelRe, kernelIm);
  const workRe = new Float64Array(padded);
  const workIm = new Float64Array(padded);
  return {
    size,
    run(re, im) {
      workRe.fill(0, size);
      workIm.fill(0, size);
      for (let j = 0; j < size; j++) {
        workRe[j] = re[j]! * cos[j]! - im[j]! * sin[j]!;
        workIm[j] = re[j]! * sin[j]! + im[j]! * cos[j]!;
      }
      inner.run(workRe, workIm);
      // Multiplied and conjugated, so that a second forward transform is the inverse one.
      for (let k = 0; k < padded; k++) {
        const r = workRe[k]!;
        const i = workIm[k]!;
        workRe[k] = r * kernelRe[k]! - i * kernelIm[k]!;
        workIm[k] = -(r * kernelIm[k]! + i * kernelRe[k]!);
      }
      inner.run(workRe, workIm);
      for (let k = 0; k < size; k++) {
        const r = workRe[k]!;
        const i = -workIm[k]!;
        re[k] = r * cos[k]! - i * sin[k]!;
        im[k] = r * sin[k]! + i * cos[k]!;
      }
    },
  };
}

/** A plan for `size` >= 1 points. A plan owns scratch memory: one call at a time. */
export function planFft(size: number): Fft {
  const isPower = (size & (size - 1)) === 0;
  return isPower ? powerOfTwo(size) : chirp(size);
}
