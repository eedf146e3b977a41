/** The opened filter in figures: classes, responses, wiring, filters alike, and how it was all made. */
import { bars } from "../charts/bars";
import { histogram } from "../charts/histogram";
import { type ClassMean, type FilterDetail, type LayerData, present, reason, type Wire } from "../data/format";
import { disclosure } from "../draw/disclosure";
import { freshId, html } from "../draw/dom";
import { type Sheets, view } from "../draw/view";
import { percent, plural, score } from "../words";
import { missing } from "./pictures";
import { thumbnail } from "./tile";

const SHORT = 10;
/** What stands for a layer's name where a filter reads from the picture itself. */
const PICTURE = "";

export interface FactOptions {
  data: LayerData;
  tiles: Sheets;
  /** The address of a filter's page, by the layer's name. */
  filterPage(layer: string, filter: number): string;
}

/** Mean response by class, as bars; a switch between mean and maximum, and between ten and all. */
export function classSection(filter: FilterDetail, labels: readonly string[]): HTMLElement | null {
  const { classes } = filter;
  if (!labels.length) return null;
  if (!present(classes)) return section("Classes", missing("Classes were not compared", reason(classes)));
  let by: "avg" | "max" = classes.max?.length ? "max" : "avg";
  let all = false;
  const rows = () => toBars(classes[by] ?? [], labels, all);
  const chart = bars(rows(), { label: "Mean response by class" });
  const says = html("p", { class: "lurk-says" });
  const total = Math.max(classes.max?.length ?? 0, classes.avg?.length ?? 0);
  const refresh = () => {
    chart.update(rows());
    says.textContent =
      by === "max"
        ? "The highest response in a picture, averaged over the class's pictures."
        : "The mean response over a picture, averaged over the class's pictures.";
    more.textContent = all ? `Top ${SHORT}` : `${total < labels.length ? "Top" : "All"} ${total}`;
  };
  const more = html("button", {
    type: "button",
    class: "lurk-link",
    hidden: total <= SHORT,
    on: {
      click: () => {
        all = !all;
        refresh();
      },
    },
  });
  const pick = choice(
    "Response of a class",
    [
      ["max", "Maximum"],
      ["avg", "Mean"],
    ] as const,
    by,
    (value) => {
      by = value;
      refresh();
    },
  );
  refresh();
  const both = Boolean(classes.max?.length && classes.avg?.length);
  return section("Classes", both ? pick : null, chart.node, more, says);
}

/** How often which response occurs, the top pictures marked. */
export function responseSection(filter: FilterDetail): HTMLElement | null {
  const { stats } = filter;
  if (!present(stats)) return section("Responses", missing("Responses were not counted", reason(stats)));
  const { histogram: counted } = stats;
  if (!counted) return null;
  const marks = present(filter.top_max)
    ? filter.top_max.map((item, at) => ({ value: item.score, says: `Picture ${at + 1}: ${score(item.score)}` }))
    : [];
  const pictures = counted.counts.reduce((sum, count) => sum + count, 0);
  const label = `How strongly ${plural(pictures, "picture")} excite the filter at their best place`;
  return section(
    "Responses",
    histogram({ ...counted, marks }, { label }).node,
    html("p", { class: "lurk-says" }, `${label}; the marks are the pictures above.`),
  );
}

/** The strongest filters before and after, as links. */
export function wiringSection(filter: FilterDetail, options: FactOptions): HTMLElement | null {
  const { wiring } = filter;
  if (!present(wiring)) {
    const why = reason(wiring);
    return why ? section("Wiring", missing("Wiring was not traced", why)) : null;
  }
  const sides = html("div", { class: "lurk-wires" });
  for (const [title, wires] of [
    ["Reads from", wiring.inputs],
    ["Read by", wiring.outputs],
  ] as const) {
    const why = reason(wires);
    const shown = present(wires) && wires.length ? wireBars(title, wires, options) : why && missing("Not traced", why);
    if (shown) sides.append(html("div", {}, html("h4", {}, title), shown));
  }
  if (!sides.children.length) return null;
  const says = "The weight times the source's typical response; a bar to the other side of zero holds the filter back.";
  return section("Wiring", sides, html("p", { class: "lurk-says" }, says));
}

/** Filters that answer to the same pictures, as small tiles. */
export function similarSection(filter: FilterDetail, { data, tiles }: FactOptions): HTMLElement | null {
  const stats = filter.stats;
  if (!present(stats) || !stats.similar?.length) return null;
  const here = stats.similar.filter(([index]) => data.filters.index.includes(index));
  if (!here.length) return section("Similar filters", missing("The filters most alike are not on this page", null));
  const list = html("div", { class: "lurk-similar", role: "list" });
  for (const [index, alike] of here) {
    const picture = thumbnail(data, data.filters.index.indexOf(index), "crop");
    list.append(
      html(
        "div",
        { role: "listitem" },
        html(
          "a",
          {
            href: `#filter-${index}`,
            "data-filter-link": index,
            title: `Filter ${index}: correlation ${score(alike)}`,
          },
          picture ? view(picture, tiles) : null,
          html("span", {}, String(index)),
          html("span", { class: "lurk-soft" }, score(alike)),
        ),
      ),
    );
  }
  return section(
    "Similar filters",
    list,
    html("p", { class: "lurk-says" }, "Correlation of their responses over the pictures; 1 is the same."),
  );
}

/** How each picture came to be, folded. */
export function howSection(data: LayerData): HTMLElement {
  const { layer } = data;
  const status = layer.receptive_field?.status;
  const rules: Record<string, string> = {
    guided: "Guided backpropagation passes back only what is positive on both ways.",
    deconv: "Deconvolution passes back only positive gradients, whatever the way forward.",
    saliency: "The plain gradient shows how much each pixel would change the response.",
  };
  const recovery =
    data.gradient === "saliency"
      ? ""
      : " Such pictures are in part image recovery: they also redraw edges that the filter does not need.";
  const field = {
    exact: "It holds every pixel that can reach the unit, and no other.",
    effective: "The whole picture can reach the unit, so the box holds the part that matters most.",
    whole: "The unit sees the whole picture.",
  }[status ?? "exact"];
  const say = (text: string) => html("p", {}, text);
  return disclosure("How these pictures were made", "lurk-how", [
    say(
      `Scores are the filter's convolution output, before any activation, in the network's own units. The ${data.top_k} strongest pictures are shown, each at most once a row.`,
    ),
    say(
      `A crop is the receptive field of the strongest unit. ${field}${layer.field_note ? ` ${layer.field_note}` : ""} Hatching marks what lies outside the picture.`,
    ),
    say(
      `A gradient projects the response back to the pixels; mid-grey is zero. ${rules[data.gradient] ?? ""}${recovery}`,
    ),
    say(
      "The synthesis starts from faint noise and climbs the filter's mean response. Its score is measured on a clean pass and compared with the best photo's mean response.",
    ),
  ]).node;
}

/** The filter's figures, each with its meaning on hover and on focus. */
export function figures({ stats }: FilterDetail): HTMLElement | null {
  if (!present(stats)) return null;
  const list = html("div", { class: "lurk-figures", role: "list" });
  const add = (name: string, value: string | null, says: string) => {
    if (value === null) return;
    const tip = html("span", { class: "lurk-tip", role: "tooltip", id: freshId("tip") }, says);
    const figure = html(
      "button",
      { type: "button", class: "lurk-figure", "aria-describedby": tip.id },
      html("span", {}, name),
      " ",
      html("span", {}, value),
    );
    list.append(html("div", { role: "listitem" }, figure, tip));
  };
  const number = (value: number | null | undefined) => (typeof value === "number" ? score(value) : null);
  add("Mean", number(stats.mean), "The mean response over all pictures and places.");
  add("Highest", number(stats.max), "The highest response in any picture.");
  add(
    "Above zero",
    typeof stats.positive_share === "number" ? percent(stats.positive_share) : null,
    "The share of places where the response is above zero.",
  );
  if (stats.selectivity) {
    const { index, class: name, auc } = stats.selectivity;
    add("Selectivity", score(index), `0 answers to all classes alike, 1 to one alone${name ? `: ${name}` : ""}.`);
    add("AUC", number(auc), `How well the response alone tells ${name ?? "its class"} from the rest; 0.5 is chance.`);
  }
  if (stats.always_on) add("Always on", "yes", "Every place of every picture is above zero.");
  return list;
}

function wireBars(title: string, wires: readonly Wire[], { filterPage }: FactOptions): HTMLElement {
  return bars(
    wires.map(([layer, filter, weight, unshown]) => ({
      key: `${layer} ${filter}`,
      name: layer === PICTURE ? `channel ${filter} of the picture` : `${layer} · ${filter}`,
      value: weight,
      ...(layer === PICTURE || unshown ? {} : { href: filterPage(layer, filter) }),
      says: `${weight < 0 ? "Held back" : "Excited"} by ${score(Math.abs(weight))}: filter ${filter} of ${layer}`,
    })),
    { label: title },
  ).node;
}

function toBars(means: readonly ClassMean[], labels: readonly string[], all: boolean) {
  return [...means]
    .sort((a, b) => b[1] - a[1])
    .slice(0, all ? undefined : SHORT)
    .map(([label, mean]) => {
      const name = typeof label === "number" ? (labels[label] ?? String(label)) : String(label);
      return { key: name, name, value: mean, says: `${name}: ${score(mean)}` };
    });
}

function choice<T extends string>(
  label: string,
  options: readonly (readonly [T, string])[],
  first: T,
  change: (value: T) => void,
): HTMLElement {
  const name = freshId("choice");
  const node = html("div", { class: "lurk-segments lurk-small", role: "radiogroup", "aria-label": label });
  for (const [value, word] of options) {
    const input = html("input", { type: "radio", name, value, on: { change: () => change(value) } });
    input.checked = value === first;
    node.append(html("label", {}, input, html("span", {}, word)));
  }
  return node;
}

function section(title: string, ...children: (Node | null)[]): HTMLElement {
  return html(
    "section",
    { class: `lurk-fact lurk-fact-${title.toLowerCase().split(" ")[0]}` },
    html("h3", {}, title),
    ...children,
  );
}
