/** The opened filter: a dialog that stands in the grid, or covers the screen on a phone. */
import { type ChunkData, type FilterDetail, type LayerData, present } from "../data/schema";
import { iconButton } from "../draw/buttons";
import { html } from "../draw/dom";
import { missing } from "../draw/missing";
import { type Sheets, sheetsOf } from "../draw/picture";
import { overlaySwitch } from "./overlay-switch";
import { kernelPicture, type PictureOptions, rankedPictures, synthesisPicture } from "./pictures";
import { classSection } from "./sections/classes";
import { effectSection } from "./sections/effect";
import { facetSection } from "./sections/facets";
import { methodSection } from "./sections/method";
import { similarSection } from "./sections/related";
import { figures, responseSection } from "./sections/responses";
import { tuningSection } from "./sections/tuning";
import { wiringSection } from "./sections/wiring";
import { shareButtons } from "./share";
import { filterTitle, traits } from "./tile";

export interface PanelOptions {
  data: LayerData;
  /** The sheets of the thumbnails. */
  sheets: Sheets;
  /** The address of a filter's page, by its layer's name. */
  filterPage(layer: string, filter: number): string;
  /** Open the next filter, or the one before. */
  step(by: 1 | -1): void;
  close(): void;
  openPhoto(image: number): void;
}

export class FilterPanel {
  readonly node = html("dialog", { class: "lurk-panel", tabindex: -1 });
  readonly #options: PanelOptions;
  readonly #title = html("h2", { class: "lurk-panel-title", tabindex: -1, autofocus: true });
  readonly #description = html("p", { class: "lurk-panel-says" });
  readonly #body = html("div", { class: "lurk-panel-body" });
  readonly #overlay = overlaySwitch(this.node);
  readonly #phone = window.matchMedia?.("(max-width: 599px)");

  constructor(options: PanelOptions) {
    this.#options = options;
    this.node.append(html("div", { class: "lurk-panel-inner" }, this.#head(), this.#body));
    this.node.addEventListener("cancel", (event) => {
      event.preventDefault();
      options.close();
    });
  }

  /** Show a filter by its position in the columns, as yet without details. */
  open(position: number): void {
    const { data } = this.#options;
    const index = data.filters.index[position] ?? position;
    const title = filterTitle(data, position);
    this.node.setAttribute("data-filter-open", String(index));
    this.node.setAttribute("aria-label", title);
    this.#title.textContent = title;
    const description = traits(data, position).join(", ");
    this.#description.textContent = description ? `${description[0]?.toUpperCase()}${description.slice(1)}.` : "";
  }

  /** Fill in the details, once they are loaded. */
  fill(filter: FilterDetail, chunk: ChunkData, base: URL): void {
    const { data, openPhoto } = this.#options;
    const sources = { photos: sheetsOf(chunk.photos, base), sheets: sheetsOf(chunk.sheets, base) };
    const pictures = { ...sources, inputSize: data.input_size, openPhoto };
    const title = `${filterTitle(data, data.filters.index.indexOf(filter.index))}, ${data.layer.title}`;
    const synthesis = synthesisPicture(filter, sources.sheets);
    const rest = [figures(filter), kernelPicture(filter, sources.sheets)];
    const last = present(filter.max_activ) && filter.max_activ.won_by; // it shows nothing that the filter looks for
    const aside = html("div", { class: "lurk-aside" }, ...(last ? [...rest, synthesis] : [synthesis, ...rest]));
    this.#body.replaceChildren(
      html("div", { class: "lurk-panel-pictures" }, aside, rankedPictures(filter, pictures)),
      html(
        "div",
        { class: "lurk-panel-facts" },
        ...this.#facts(filter, pictures),
        similarSection(filter, this.#options),
        wiringSection(filter, sources.sheets, this.#options),
      ),
      html("div", { class: "lurk-panel-foot" }, methodSection(data), shareButtons({ filter, data, title, ...sources })),
    );
  }

  /** The sections that stand in two columns; the responses fill the last row alone where they are the odd one. */
  #facts(filter: FilterDetail, pictures: PictureOptions): HTMLElement[] {
    const { data } = this.#options;
    const responses = responseSection(filter, pictures);
    const others = [
      classSection(filter, data.labels),
      effectSection(filter, data.layer.filters),
      tuningSection(filter, data.twin),
      facetSection(filter, data, pictures),
    ].filter((section): section is HTMLElement => section !== null);
    if (others.length % 2) others.splice(-1, 0, responses);
    else others.push(responses);
    responses.classList.toggle("lurk-fact-wide", others.length % 2 === 1);
    return others;
  }

  /** Say that the details could not be loaded. */
  fail(message: string): void {
    this.#body.replaceChildren(missing("This filter's details could not be shown", message));
  }

  /** Make the dialog modal on a phone and part of the grid elsewhere, once it stands in the page. */
  settle(): void {
    const modal = Boolean(this.#phone?.matches) && typeof this.node.showModal === "function";
    this.node.classList.toggle("lurk-sheet", modal);
    if (modal) {
      if (!this.node.matches(":modal")) {
        this.node.removeAttribute("open");
        this.node.showModal();
      }
      this.node.scrollTop = 0;
    } else {
      this.node.setAttribute("open", "");
    }
  }

  /** Go on from the photo to its gradient, to the mask, and back. */
  nextOverlay(): void {
    this.#overlay.next();
  }

  #head(): HTMLElement {
    const { step, close } = this.#options;
    return html(
      "div",
      { class: "lurk-panel-head" },
      html("div", { class: "lurk-panel-names" }, this.#title, this.#description),
      this.#overlay.node,
      html(
        "div",
        { class: "lurk-panel-walk" },
        iconButton("‹", "Filter before", () => step(-1)),
        iconButton("›", "Next filter", () => step(1)),
        iconButton("×", "Close", close),
      ),
    );
  }
}
