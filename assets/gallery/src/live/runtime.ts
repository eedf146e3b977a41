/** The runtime and the network in a worker: loaded when a visitor asks for it, ended when they leave. */
import { loadOnce } from "../data/load";
import type { LiveNetwork } from "../data/schema";
import type { Answer, Asked, Values } from "./messages";

/** What `lurk-live-runtime.js` leaves: the runtime's binary, gzipped and in base64, and the scripts as text, for pages on disk. */
interface RuntimeFiles {
  worker: string;
  module: string;
  binary: string;
}

type Waiting = { resolve(values: Values): void; reject(error: Error): void };

export class Runtime {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #count = 0;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Answer>) => this.#receive(data);
    worker.onerror = (event) => this.#fail(new Error(event.message || "the worker could not be started"));
  }

  /**
   * Start a worker with the runtime and a network.
   *
   * @param scripts The folder of the package's scripts.
   * @param network What the network's script holds.
   * @param signal Ends the worker, whatever it does.
   */
  static async open(scripts: URL, network: LiveNetwork, signal: AbortSignal): Promise<Runtime> {
    if (typeof WebAssembly !== "object") throw new Error("this browser has no WebAssembly");
    if (typeof DecompressionStream !== "function") throw new Error("this browser unpacks no compressed files");
    const files = await loadOnce<RuntimeFiles>(new URL("lurk-live-runtime.js", scripts), "lurk/live-runtime");
    signal.throwIfAborted();
    const onDisk = scripts.protocol === "file:";
    const address = onDisk
      ? URL.createObjectURL(new Blob([files.worker], { type: "text/javascript" }))
      : new URL("lurk-live-worker.js", scripts).href;
    const runtime = new Runtime(new Worker(address));
    signal.addEventListener("abort", () => runtime.#end());
    const module = onDisk ? { text: files.module } : { address: new URL("lurk-live-ort.mjs", scripts).href };
    await runtime.#ask({ kind: "open", module, binary: files.binary, network: network.model });
    if (onDisk) URL.revokeObjectURL(address);
    return runtime;
  }

  /** Run the network on a picture `(1, c, h, w)`, and return the named outputs. */
  run(picture: Float32Array, size: readonly number[], names: readonly string[]): Promise<Values> {
    return this.#ask({ kind: "run", picture, size, names });
  }

  #ask(asked: Asked extends infer One ? (One extends Asked ? Omit<One, "id"> : never) : never): Promise<Values> {
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...asked, id });
    });
  }

  #receive(answer: Answer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ("error" in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.values);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  #end(): void {
    this.#worker.terminate();
    this.#fail(new DOMException("The page was left", "AbortError"));
  }
}
