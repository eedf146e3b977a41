/**
 * The worker that runs the network: `build.mjs` puts the runtime (`ort`) in front of it. Unpacking and running take up to seconds, in which
 * the page stays alive; and all their memory is free again when the worker is ended.
 */
import type * as Ort from "onnxruntime-web/wasm";
import type { Answer, Asked, Values } from "./messages";

declare const ort: typeof Ort;
/** The scope of a worker, of which the page's types know nothing. */
const scope = self as unknown as { onmessage: (event: MessageEvent<Asked>) => void; postMessage(answer: Answer): void };
let session: Ort.InferenceSession | null = null;
let queue: Promise<void> = Promise.resolve();

scope.onmessage = ({ data }) => {
  queue = queue.then(() => answer(data)).then((found) => scope.postMessage(found));
};

async function answer(asked: Asked): Promise<Answer> {
  try {
    if (asked.kind === "run") return { id: asked.id, values: await run(asked.picture, asked.size, asked.names) };
    await open(asked.module, asked.binary, asked.network);
    return { id: asked.id, values: {} };
  } catch (error) {
    return { id: asked.id, error: inWords(error instanceof Error ? error.message : String(error)) };
  }
}

/** The runtime's own words for a site whose policy lets no WebAssembly be compiled are not a visitor's. */
function inWords(message: string): string {
  const isForbidden = /WebAssembly/.test(message) && /violates|unsafe-eval|Content Security Policy/.test(message);
  return isForbidden ? "this site's security policy forbids WebAssembly, which runs the network" : message;
}

/** Start the runtime and load the network; `module` is the address or the text of the runtime's own module. */
async function open(module: { address: string } | { text: string }, binary: string, network: string): Promise<void> {
  const { wasm } = ort.env;
  const address =
    "address" in module ? module.address : URL.createObjectURL(new Blob([module.text], { type: "text/javascript" }));
  wasm.wasmPaths = { mjs: address };
  wasm.wasmBinary = (await unpack(binary)).buffer;
  wasm.numThreads = 1; // more take headers that GitHub Pages does not send
  wasm.proxy = false;
  session = await ort.InferenceSession.create(await unpack(network), {
    executionProviders: ["wasm"],
    graphOptimizationLevel: "all",
  });
}

/** Run the network on one picture, and return the named outputs. */
async function run(picture: Float32Array, size: readonly number[], names: readonly string[]): Promise<Values> {
  if (!session) throw new Error("The network is not loaded");
  const wanted = names.filter((name) => session?.outputNames.includes(name));
  const found = await session.run({ picture: new ort.Tensor("float32", picture, [1, ...size]) }, wanted);
  const values: Values = {};
  for (const name of wanted) values[name] = found[name]?.data as Float32Array | Int32Array;
  return values;
}

/** The bytes of a gzipped file that a script holds as base64. */
async function unpack(base64: string): Promise<Uint8Array<ArrayBuffer>> {
  const text = atob(base64);
  const packed = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) packed[at] = text.charCodeAt(at);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
