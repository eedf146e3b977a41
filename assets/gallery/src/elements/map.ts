/** `<lurk-map data-src data-key [data-suffix]>`: asks for the map's own script where a map stands, and hands itself over. */
import type { ModelData } from "../data/format";
import { loadData, runScript } from "../data/load";
import { html } from "../draw/dom";
import { missing } from "../gallery/pictures";

/** Draw a model's map into an element, until the signal ends. */
export type DrawMap = (element: HTMLElement, data: ModelData, base: URL, signal: AbortSignal) => void;

declare global {
  interface Window {
    lurkDrawMap?: DrawMap;
  }
}

const own = document.currentScript instanceof HTMLScriptElement ? document.currentScript.src : null;
let script: Promise<void> | null = null;

export class LurkMap extends HTMLElement {
  #life = new AbortController();

  connectedCallback(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.classList.add("lurk");
    if (!window.lurkDrawMap) script ??= runScript(new URL("lurk-map.js", own ?? document.baseURI).href);
    Promise.all([loadData<ModelData>(this.dataset.src ?? "model.js", this.dataset.key ?? ""), script])
      .then(([{ value, base }]) => {
        if (signal.aborted) return;
        this.classList.add("lurk-drawn");
        window.lurkDrawMap?.(this, value, base, signal);
      })
      .catch((error: Error) => {
        script = null;
        this.classList.add("lurk-drawn");
        if (!signal.aborted)
          this.append(html("div", { role: "alert" }, missing("The map could not be shown", error.message)));
      });
  }

  disconnectedCallback(): void {
    this.#life.abort();
    this.#life = new AbortController(); // the old one's listeners hold what was drawn
    this.replaceChildren();
  }
}
