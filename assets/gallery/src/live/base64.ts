/** Numbers that a script holds as base64. */

/** The bytes. */
export function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) bytes[at] = text.charCodeAt(at);
  return bytes;
}

/** Little-endian float32 numbers. */
export function floatsOf(base64: string): Float32Array {
  const { buffer } = bytesOf(base64);
  const view = new DataView(buffer);
  return Float32Array.from({ length: buffer.byteLength / 4 }, (_, at) => view.getFloat32(4 * at, true));
}
