/** `<lurk-photo data-src data-key data-image [data-suffix]>`: one photo, what the network says of it and which filters rank it highest. */
import { bars } from "../charts/bars";
import type { BestOfImage, ImageItem, ModelData, PicturesData } from "../data/format";
import { loadData } from "../data/load";
import { html } from "../draw/dom";
import { sheetsOf, view } from "../draw/view";
import { missing } from "../gallery/pictures";
import { layerPage, percent, score } from "../words";

export class LurkPhoto extends HTMLElement {
  #life = new AbortController();

  connectedCallback(): void {
    this.#life = new AbortController();
    const { signal } = this.#life;
    const dialog = html("dialog", { class: "lurk-photo lurk-panel-modal", "aria-label": "Photo" });
    const close = () => {
      if (dialog.open) dialog.close();
      this.dispatchEvent(new CustomEvent("lurk-close"));
    };
    dialog.addEventListener(
      "cancel",
      (event) => {
        event.preventDefault();
        close();
      },
      { signal },
    );
    dialog.addEventListener(
      "click",
      (event) => {
        if (event.target === dialog) close(); // the backdrop
      },
      { signal },
    );
    this.replaceChildren(dialog);
    const head = html(
      "div",
      { class: "lurk-photo-head" },
      html("h2", {}, "Photo"),
      html(
        "button",
        { type: "button", class: "lurk-icon", "aria-label": "Close", on: { click: close } },
        html("span", { "aria-hidden": "true" }, "×"),
      ),
    );
    const body = html("div", { class: "lurk-photo-body" });
    dialog.append(html("div", { class: "lurk-photo-inner" }, head, body));
    dialog.showModal?.();
    void this.#fill(head, body, signal);
  }

  disconnectedCallback(): void {
    this.#life.abort();
    this.#life = new AbortController(); // the old one's listeners hold what was drawn
    this.replaceChildren();
  }

  async #fill(head: HTMLElement, body: HTMLElement, signal: AbortSignal): Promise<void> {
    const { src = "model.js", key = "", image = "" } = this.dataset;
    try {
      const model = await loadData<ModelData>(src, key);
      const best = await loadData<PicturesData>(new URL("pictures.js", model.base), `${key}/pictures`).catch(
        () => null,
      );
      if (signal.aborted) return;
      const item = model.value.images.items[Number(image)];
      if (!item) throw new Error(`the model's pictures end before ${image}`);
      this.#show(head, body, { item, model: model.value, base: model.base, best: best?.value.best[image] ?? null });
    } catch (error) {
      if (!signal.aborted) body.replaceChildren(missing("The photo could not be shown", (error as Error).message));
    }
  }

  #show(head: HTMLElement, body: HTMLElement, { item, model, base, best }: Content): void {
    const [path, label, photo, predictions] = item;
    const name = model.images.labels[label];
    const title = head.querySelector("h2");
    if (title) title.textContent = name ?? path;
    const figure = html(
      "figure",
      {},
      photo ? view(photo, sheetsOf(model.sheets, base), name ?? path) : null,
      html("figcaption", {}, path),
    );
    const picture = figure.querySelector("svg");
    if (picture && photo) picture.style.aspectRatio = `${photo[3]} / ${photo[4]}`;
    body.replaceChildren(
      figure,
      html(
        "div",
        { class: "lurk-photo-facts" },
        ...predicted(predictions, name),
        ...ranked(best, model, base, this.dataset.suffix ?? "/"),
      ),
    );
  }
}

interface Content {
  item: ImageItem;
  model: ModelData;
  base: URL;
  best: BestOfImage[] | null;
}

function predicted(predictions: [string, number][] | null, label: string | undefined): Node[] {
  if (!predictions?.length) return [];
  const right = label !== undefined && predictions[0]?.[0] === label;
  const chart = bars(
    predictions.map(([name, probability]) => ({
      key: name,
      name,
      value: probability,
      says: `${name}: ${percent(probability)}`,
    })),
    { label: "What the network predicts", format: percent },
  );
  return [
    html("h3", {}, "What the network predicts"),
    chart.node,
    ...(label !== undefined && right
      ? [html("p", { class: "lurk-says" }, "Its first guess is the photo's label.")]
      : []),
  ];
}

function ranked(best: BestOfImage[] | null, model: ModelData, base: URL, suffix: string): Node[] {
  const head = html("h3", {}, "Filters that rank it highest");
  if (!best?.length) return [head, missing("No filter ranks it among its top pictures", null)];
  const byLayer = new Map<number, BestOfImage[]>();
  for (const entry of best) byLayer.set(entry[0], [...(byLayer.get(entry[0]) ?? []), entry]);
  const list = html("div", { class: "lurk-ranks", role: "list" });
  for (const [at, entries] of [...byLayer].sort((a, b) => a[0] - b[0])) {
    const layer = model.layers[at];
    if (!layer) continue;
    const links = entries
      .sort((a, b) => a[2] - b[2])
      .map(([, filter, rank, by, value]) =>
        html(
          "a",
          {
            href: `${layerPage(base, layer.slug, suffix)}#filter-${filter}`,
            title: `Place ${rank + 1} by ${by === "max" ? "highest" : "mean"} response: ${score(value)}`,
          },
          String(filter),
        ),
      );
    list.append(html("div", { role: "listitem" }, html("span", {}, layer.name), html("span", {}, ...links)));
  }
  return [head, list];
}
