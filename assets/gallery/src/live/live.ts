/** A network that runs in the browser: what a visitor shows it, what it says, and which filters answer where. */
import { loadOnce } from "../data/load";
import type { LiveData, LiveNetwork } from "../data/schema";
import { html } from "../draw/dom";
import { plural } from "../numbers";
import { type FilterAnswer, rankAnswers } from "./answers";
import { floatsOf } from "./base64";
import { Camera } from "./camera";
import { PictureCanvas } from "./canvas";
import { CHECKED, checkTensor, largestDifference } from "./check";
import { Chooser } from "./chooser";
import { Classes } from "./classes";
import { Kept } from "./kept";
import type { Values } from "./messages";
import { Opened } from "./opened";
import { preparePixels, toTensor } from "./prepare";
import type { Pixels } from "./resize";
import { Runtime } from "./runtime";
import { Tiles } from "./tiles";

export interface LiveOptions {
  element: HTMLElement;
  data: LiveData;
  base: URL;
  /** The folder of the package's scripts. */
  scripts: URL;
  signal: AbortSignal;
}

/** What can be run once it is loaded. */
interface Loaded {
  runtime: Runtime;
  quantiles: Float32Array;
}

/** The network in an element; everything ends with the signal. */
export class Live {
  readonly #options: LiveOptions;
  readonly #status = html("p", { class: "lurk-live-status", role: "status" });
  readonly #proof = html("p", { class: "lurk-soft lurk-live-proof" });
  readonly #camera: Camera;
  readonly #chooser: Chooser;
  readonly #picture: PictureCanvas;
  readonly #classes: Classes;
  readonly #opened: Opened;
  readonly #tiles: Tiles;
  readonly #result: HTMLElement;
  readonly #kept: Kept;
  #loading: Promise<Loaded> | null = null;
  #answers: FilterAnswer[][] = [];
  #untouched: Values | null = null;
  /** What the network gave for what is shown. */
  #values: Values | null = null;
  #named = location.hash;
  #running = false;
  #again = false;
  #frames: number[] = [];

  constructor(options: LiveOptions) {
    this.#options = options;
    const { data, base, signal, element } = options;
    const suffix = element.dataset.suffix ?? "/";
    this.#camera = new Camera(
      signal,
      (pixels) => this.#show(pixels, "The camera's picture", false),
      (error) => this.#fail(error),
    );
    const choose = (pixels: Pixels, name: string, isPrepared: boolean) => void this.#show(pixels, name, isPrepared);
    const fail = (error: Error) => this.#fail(error);
    this.#chooser = new Chooser({ element, data, base, signal, camera: this.#camera, choose, fail });
    this.#picture = new PictureCanvas(data.input, signal, () => void this.#look());
    this.#classes = new Classes(data);
    this.#opened = new Opened({ data, base, suffix, signal, close: () => this.#markOpen(null) });
    this.#tiles = new Tiles(data, base, suffix, (answer) => void this.#open(answer));
    const take = () =>
      this.#values && { canvas: this.#picture.canvas, values: this.#values, words: this.#classes.words };
    this.#kept = new Kept(take, () => void this.#look());
    this.#picture.tools.append(" ", this.#kept.button);
    const right = html("div", {}, this.#classes.node, this.#kept.node);
    const both = html("div", { class: "lurk-live-both" }, this.#picture.node, right);
    const heading = html("h2", {}, "What answers, in each layer");
    const legend = html(
      "p",
      { class: "lurk-soft" },
      "The part of your picture that excites a filter, beside the filter's own best crop.",
    );
    this.#result = html(
      "div",
      { hidden: true },
      both,
      this.#opened.node,
      heading,
      legend,
      this.#tiles.node,
      this.#proof,
    );
  }

  start(): void {
    const { element, signal } = this.#options;
    if (typeof WebAssembly !== "object") {
      element.replaceChildren(html("p", { role: "alert" }, "This browser has no WebAssembly, which runs the network."));
      return;
    }
    element.classList.add("lurk");
    element.replaceChildren(html("div", { class: "lurk-live" }, this.#chooser.node, this.#status, this.#result));
    signal.addEventListener("abort", () => {
      this.#loading = null;
      this.#untouched = null;
      this.#values = null;
    });
  }

  /** Show the network a picture, RGBA; resolves when it was looked at. */
  async #show(pixels: Pixels, name: string, isPrepared: boolean): Promise<void> {
    const { input } = this.#options.data;
    try {
      const steps = isPrepared ? { ...input, resize: null, crop: null } : input;
      this.#picture.show(preparePixels(pixels, steps), name);
    } catch (error) {
      this.#fail(error as Error);
      return;
    }
    this.#untouched = null;
    await this.#look();
  }

  /** Run the network on what the canvas shows. While it runs, the last wish waits. */
  async #look(): Promise<void> {
    if (this.#running) {
      this.#again = true;
      return;
    }
    this.#running = true;
    try {
      do {
        this.#again = false;
        await this.#lookOnce();
      } while (this.#again);
    } catch (error) {
      this.#fail(error as Error);
    } finally {
      this.#running = false;
    }
  }

  async #lookOnce(): Promise<void> {
    const { data, signal } = this.#options;
    const { pixels } = this.#picture;
    if (!pixels) return;
    this.#loading ??= this.#load();
    const { runtime, quantiles } = await this.#loading;
    const began = performance.now();
    const open = this.#opened.answer;
    const names = ["maxima", "positions", "outputs", ...(open ? [`map_${open.layer}`] : [])];
    const values = await runtime.run(toTensor(pixels, data.input), data.input.size, names);
    if (signal.aborted) return;
    const took = performance.now() - began;
    if (!this.#picture.isChanged) this.#untouched = values;
    this.#values = values;
    this.#draw(values, quantiles);
    this.#say(took);
    if (this.#named) this.#openNamed();
  }

  #draw(values: Values, quantiles: Float32Array): void {
    const { data } = this.#options;
    const { canvas, isChanged } = this.#picture;
    this.#answers = rankAnswers(data, quantiles, values.maxima ?? [], values.positions ?? []);
    const before = isChanged ? this.#untouched : this.#kept.values;
    const word = isChanged ? "was" : "kept one";
    const was =
      before?.maxima &&
      new Map(this.#answers.flat().map(({ filter }) => [filter.place, before.maxima?.[filter.place] ?? 0]));
    this.#classes.update(values.outputs ?? [], before?.outputs ?? null, word);
    this.#tiles.update(this.#answers, canvas, was ?? null, word);
    this.#result.hidden = false;
    const open = this.#opened.answer;
    const answer = open && this.#answers[open.layer]?.find(({ filter }) => filter.place === open.filter.place);
    const maps = open && values[`map_${open.layer}`];
    if (answer && maps) this.#opened.update(answer, canvas, maps);
  }

  /** Open the filter that the address names: `#features.3/12`, once. */
  #openNamed(): void {
    const [slug, index] = decodeURIComponent(this.#named.slice(1)).split("/");
    this.#named = "";
    const layer = this.#options.data.layers.findIndex((one) => one.slug === slug);
    const answer = this.#answers[layer]?.find(({ filter }) => String(filter.index) === index);
    if (answer) void this.#open(answer);
  }

  /** Open a filter: its map takes another run. */
  async #open(answer: FilterAnswer): Promise<void> {
    try {
      await this.#opened.open(answer);
      this.#markOpen(answer);
      await this.#look();
      this.#opened.focus();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Mark the tile of the open filter; the focus returns to it when the filter is closed. */
  #markOpen(answer: FilterAnswer | null): void {
    for (const tile of this.#tiles.node.querySelectorAll<HTMLElement>("[aria-expanded]")) {
      tile.removeAttribute("aria-expanded");
      if (!answer) tile.focus();
    }
    const place = answer?.filter.place;
    this.#tiles.node.querySelector(`[data-place="${place}"]`)?.setAttribute("aria-expanded", "true");
  }

  async #load(): Promise<Loaded> {
    const { data, base, scripts, signal } = this.#options;
    this.#status.textContent = "The network and the program that runs it are being loaded.";
    try {
      const network = await loadOnce<LiveNetwork>(new URL("live-network.js", base), `${data.model}/live-network`);
      signal.throwIfAborted();
      this.#status.textContent = "They are being unpacked and started.";
      const runtime = await Runtime.open(scripts, network, signal);
      await this.#check(runtime, network);
      return { runtime, quantiles: floatsOf(network.quantiles) };
    } catch (error) {
      this.#loading = null; // the next picture tries again
      throw error;
    }
  }

  /** Compare what the network gives in this browser with what PyTorch computed. */
  async #check(runtime: Runtime, network: LiveNetwork): Promise<void> {
    const { data } = this.#options;
    const found = await runtime.run(checkTensor(network, data), data.input.size, CHECKED);
    const largest = largestDifference(found, network, data);
    const count = data.layers.reduce((sum, { output }) => sum + output[0], 0);
    const share = `${Number((largest * 100).toPrecision(2))} %`;
    const allowed = `${data.facts.tolerance * 100} %`;
    this.#proof.textContent =
      largest <= data.facts.tolerance
        ? `Checked in this browser: the scores of ${plural(count, "filter")} agree with PyTorch's up to ${share} of the largest of their layer; ${allowed} would pass.`
        : `In this browser the scores differ from PyTorch's by up to ${share} of the largest of a layer, where ${allowed} would pass: do not rely on them.`;
    this.#proof.classList.toggle("lurk-live-wrong", largest > data.facts.tolerance);
  }

  /** Say what the network says, and how long it took; of the camera's pictures, how many it saw in the last second. */
  #say(took: number): void {
    const { isOn } = this.#camera;
    const now = performance.now();
    this.#frames = isOn ? [...this.#frames.filter((at) => now - at < 1000), now] : [];
    this.#status.setAttribute("aria-live", isOn ? "off" : "polite");
    const time = `${Math.round(took)} ms for this picture.`;
    const says = this.#classes.words ? `The network says: ${this.#classes.words}.` : "";
    this.#status.textContent = isOn
      ? `${plural(this.#frames.length, "picture")} in the last second. ${says}`
      : `${says} ${time}`.trim();
  }

  #fail(error: Error): void {
    if (this.#options.signal.aborted) return;
    const reason = error.message.replace(/\.$/, "");
    this.#status.textContent = this.#result.hidden
      ? `Nothing to see: ${reason}.`
      : `Nothing to see: ${reason}. Below is still the last picture.`;
  }
}
