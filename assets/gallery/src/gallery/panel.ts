/** The opened filter: a dialog that lies in the grid, or covers the screen on a phone. */
import type { ChunkData, FilterDetail, LayerData } from "../data/format";
import { html } from "../draw/dom";
import { type Sheets, sheetsOf, view } from "../draw/view";
import { classSection, figures, howSection, responseSection, similarSection, wiringSection } from "./facts";
import { missing, rankedPictures, synthesisPicture } from "./pictures";
import { takeAway } from "./share";
import { traits } from "./tile";

export interface PanelOptions {
  data: LayerData;
  tiles: Sheets;
  filterPage(layer: string, filter: number): string;
  walk(step: number): void;
  close(): void;
  openPhoto(image: number): void;
}

export class FilterPanel {
  readonly node = html("dialog", { class: "lurk-panel", tabindex: -1 });
  readonly #options: PanelOptions;
  readonly #title = html("h2", { class: "lurk-panel-title", tabindex: -1, autofocus: true });
  readonly #says = html("p", { class: "lurk-panel-says" });
  readonly #body = html("div", { class: "lurk-panel-body" });
  readonly #switch: HTMLButtonElement;
  readonly #phone = window.matchMedia?.("(max-width: 599px)");
  #gradient = false;

  constructor(options: PanelOptions) {
    this.#options = options;
    this.#switch = html(
      "button",
      {
        type: "button",
        class: "lurk-switch",
        role: "switch",
        title: "Fade between the photos and what of them excites the filter (key: g)",
        on: { click: () => this.toggleGradient() },
      },
      html("span", { class: "lurk-switch-track", "aria-hidden": "true" }),
      html("span", {}, "Gradient"),
    );
    this.node.append(html("div", { class: "lurk-panel-inner" }, this.#head(), this.#body));
    this.node.addEventListener("cancel", (event) => {
      event.preventDefault();
      options.close();
    });
    this.#showGradient();
  }

  /** Show a filter, as yet without its details. */
  open(position: number): void {
    const { data } = this.#options;
    const index = data.filters.index[position] ?? position;
    this.node.setAttribute("data-filter-open", String(index));
    this.node.setAttribute("aria-label", `Filter ${index}`);
    this.#title.textContent = `Filter ${index}`;
    const says = traits(data, position).join(", ");
    this.#says.textContent = says ? `${says[0]?.toUpperCase()}${says.slice(1)}.` : "";
  }

  /** Fill in the details, once they are there. */
  fill(filter: FilterDetail, chunk: ChunkData, base: URL): void {
    const { data, tiles, filterPage, openPhoto } = this.#options;
    const pictures = {
      chunk,
      base,
      labels: data.labels,
      inputSize: data.input_size,
      fieldStatus: data.layer.receptive_field?.status,
      openPhoto,
    };
    const facts = { data, tiles, filterPage };
    const aside = html("div", { class: "lurk-aside" }, synthesisPicture(filter, pictures), figures(filter));
    if (filter.kernel) {
      const weights = view(filter.kernel, sheetsOf(chunk.sheets, base), `Weights of filter ${filter.index}`);
      aside.append(
        html(
          "figure",
          { class: "lurk-kernel" },
          weights,
          html("figcaption", {}, "The filter's weights; mid-grey is zero."),
        ),
      );
    }
    this.#body.replaceChildren(
      html("div", { class: "lurk-panel-pictures" }, aside, rankedPictures(filter, pictures)),
      html(
        "div",
        { class: "lurk-panel-facts" },
        classSection(filter, data.labels),
        responseSection(filter),
        similarSection(filter, facts),
        wiringSection(filter, facts),
      ),
      html("div", { class: "lurk-panel-foot" }, howSection(data), takeAway({ filter, chunk, base, data })),
    );
  }

  /** Say that the details could not be had. */
  fail(message: string): void {
    this.#body.replaceChildren(missing("This filter's details could not be shown", message));
  }

  /** Put the dialog where it belongs on this screen, once it stands in the page. */
  settle(): void {
    const sheet = Boolean(this.#phone?.matches) && typeof this.node.showModal === "function";
    this.node.classList.toggle("lurk-sheet", sheet);
    if (sheet) {
      if (!this.node.matches(":modal")) {
        this.node.removeAttribute("open");
        this.node.showModal();
      }
      this.node.scrollTop = 0;
    } else {
      this.node.setAttribute("open", "");
    }
  }

  toggleGradient(): void {
    this.#gradient = !this.#gradient;
    this.#showGradient();
  }

  #showGradient(): void {
    this.#switch.setAttribute("aria-checked", String(this.#gradient));
    this.node.setAttribute("data-gradient", this.#gradient ? "on" : "off");
  }

  #head(): HTMLElement {
    const { walk, close } = this.#options;
    const button = (sign: string, label: string, act: () => void) =>
      html(
        "button",
        { type: "button", class: "lurk-icon", "aria-label": label, title: label, on: { click: act } },
        html("span", { "aria-hidden": "true" }, sign),
      );
    return html(
      "div",
      { class: "lurk-panel-head" },
      html("div", { class: "lurk-panel-names" }, this.#title, this.#says),
      this.#switch,
      html(
        "div",
        { class: "lurk-panel-walk" },
        button("‹", "Filter before", () => walk(-1)),
        button("›", "Next filter", () => walk(1)),
        button("×", "Close", close),
      ),
    );
  }
}
