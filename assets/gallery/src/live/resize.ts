/**
 * Pillow's resize of 8-bit pictures, bit for bit: a canvas resizes otherwise, and the network would see another picture than the analysis
 * showed it. The kernel of each output pixel is rounded to 22 bits, and so is each pass, the rows' first.
 */

/** A picture of 8 bits, its channels side by side in each pixel. */
export interface Pixels {
  width: number;
  height: number;
  channels: number;
  data: Uint8ClampedArray | Uint8Array;
}

export type Interpolation = "box" | "bilinear" | "hamming" | "bicubic" | "lanczos";

interface Kernel {
  support: number;
  weight(x: number): number;
}

/** Bits of the fraction of a weight. */
const PRECISION = 22;

const KERNELS: Readonly<Record<Interpolation, Kernel>> = {
  box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
  bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
  hamming: { support: 1, weight: hamming },
  bicubic: { support: 2, weight: bicubic },
  lanczos: { support: 3, weight: lanczos },
};

/** Resize a picture to a size, by one of Pillow's filters. */
export function resize(pixels: Pixels, width: number, height: number, interpolation: Interpolation): Pixels {
  if (pixels.width === width && pixels.height === height) return pixels;
  const kernel = KERNELS[interpolation];
  const wide = pixels.width === width ? pixels : resizeRows(pixels, width, kernel);
  return wide.height === height ? wide : resizeColumns(wide, height, kernel);
}

/** For each output pixel the first input pixel that counts, and the weights of that and the following ones. */
interface Weights {
  first: Int32Array;
  count: Int32Array;
  values: Int32Array;
  most: number;
}

function weightsOf(from: number, to: number, { support, weight }: Kernel): Weights {
  const scale = from / to;
  const spread = Math.max(1, scale);
  const reach = support * spread;
  const most = Math.ceil(reach) * 2 + 1;
  const weights: Weights = {
    first: new Int32Array(to),
    count: new Int32Array(to),
    values: new Int32Array(to * most),
    most,
  };
  const inverse = 1 / spread;
  const row = new Float64Array(most);
  for (let target = 0; target < to; target += 1) {
    const centre = (target + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const count = Math.min(from, Math.trunc(centre + reach + 0.5)) - start;
    let sum = 0;
    for (let at = 0; at < count; at += 1) {
      row[at] = weight((at + start - centre + 0.5) * inverse);
      sum += row[at] as number;
    }
    weights.first[target] = start;
    weights.count[target] = count;
    for (let at = 0; at < count; at += 1) {
      const share = sum === 0 ? (row[at] as number) : (row[at] as number) / sum;
      weights.values[target * most + at] = Math.trunc(share * 2 ** PRECISION + (share < 0 ? -0.5 : 0.5));
    }
  }
  return weights;
}

function resizeRows({ width, height, channels, data }: Pixels, to: number, kernel: Kernel): Pixels {
  const { first, count, values, most } = weightsOf(width, to, kernel);
  const result = new Uint8ClampedArray(to * height * channels);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < to; x += 1) {
      const from = (y * width + (first[x] as number)) * channels;
      sumInto(result, (y * to + x) * channels, channels, data, from, channels, values, x * most, count[x] as number);
    }
  }
  return { width: to, height, channels, data: result };
}

function resizeColumns({ width, height, channels, data }: Pixels, to: number, kernel: Kernel): Pixels {
  const { first, count, values, most } = weightsOf(height, to, kernel);
  const result = new Uint8ClampedArray(width * to * channels);
  const stride = width * channels;
  for (let y = 0; y < to; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const from = (first[y] as number) * stride + x * channels;
      sumInto(result, y * stride + x * channels, channels, data, from, stride, values, y * most, count[y] as number);
    }
  }
  return { width, height: to, channels, data: result };
}

/** Write the weighted sum of `count` pixels, `stride` values apart, to one pixel of the result. */
function sumInto(
  result: Uint8ClampedArray,
  at: number,
  channels: number,
  data: Uint8ClampedArray | Uint8Array,
  from: number,
  stride: number,
  values: Int32Array,
  weight: number,
  count: number,
): void {
  for (let channel = 0; channel < channels; channel += 1) {
    let sum = 2 ** (PRECISION - 1);
    for (let k = 0; k < count; k += 1) {
      sum += (data[from + channel + k * stride] as number) * (values[weight + k] as number);
    }
    result[at + channel] = sum >> PRECISION; // clamped to 0..255
  }
}

function hamming(x: number): number {
  const at = Math.abs(x);
  if (at === 0) return 1;
  if (at >= 1) return 0;
  const angle = at * Math.PI;
  return (Math.sin(angle) / angle) * (0.54 + 0.46 * Math.cos(angle));
}

function bicubic(x: number): number {
  const a = -0.5;
  const at = Math.abs(x);
  if (at < 1) return ((a + 2) * at - (a + 3)) * at * at + 1;
  if (at < 2) return (((at - 5) * at + 8) * at - 4) * a;
  return 0;
}

function lanczos(x: number): number {
  return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
