/** One row above the grid: what tiles show, their order, a class, and the rest under “View”. */
import type { LayerData } from "../data/schema";
import { availableClasses, availableOrders } from "../data/selection";
import { HIDES, type Hide, type Order, type Show, SIZES, type State } from "../data/state";
import { disclosure } from "../draw/disclosure";
import { freshId, html } from "../draw/dom";
import { availableShows } from "./tile";

export interface ToolbarOptions {
  data: LayerData;
  state: State;
  change(part: Partial<State>): void;
  /** Open a filter by its index. */
  goTo(index: number): void;
  signal: AbortSignal;
}

/** A control, and how it takes over a state. */
export interface Toolbar {
  node: HTMLElement;
  update(state: State): void;
}

const SHOW_WORDS: Record<Show, string> = { crop: "Crops", synthesis: "Synthesis", average: "Averages" };
const SHOW_TOOLTIPS: Record<Show, string> = {
  crop: "The receptive field of the unit with the filter's highest response, in its photo",
  synthesis: "A picture made to raise the filter's mean response",
  average: "The photo with the highest mean response",
};
const ORDER_WORDS: Record<Order, string> = {
  index: "By index",
  strongest: "Strongest first",
  label: "Surest label first",
  effect: "Largest effect first",
  selectivity: "Most selective first",
  ratio: "Synthesis over photo",
  similarity: "Alike side by side",
  polysemanticity: "Most polysemantic first",
  colour: "Colour matters most",
  detail: "Fine detail matters most",
  mirror: "Left and right matter most",
  orientation: "Orientation matters most",
  scale: "Size matters most",
  shape: "Shape matters most",
};
const HIDE_WORDS: Record<Hide, string> = { dead: "Hide dead filters", duplicate: "Hide duplicates" };

/** The row of controls that the data has a use for. */
export function toolbar(options: ToolbarOptions): Toolbar {
  const controls = [
    showSwitch(options),
    orderMenu(options),
    classSearch(options),
    filterSearch(options),
    viewMenu(options),
  ].filter((control): control is Toolbar => control !== null);
  const node = html("div", { class: "lurk-toolbar", role: "group", "aria-label": "How the filters are shown" });
  for (const control of controls) node.append(control.node);
  const update = (state: State) => {
    for (const control of controls) control.update(state);
  };
  update(options.state);
  return { node, update };
}

function showSwitch({ data, change }: ToolbarOptions): Toolbar | null {
  const shows = availableShows(data);
  if (shows.length < 2) return null;
  const name = freshId("show");
  const node = html("div", { class: "lurk-segments", role: "radiogroup", "aria-label": "Tiles show" });
  const inputs = shows.map((show) => {
    const input = html("input", { type: "radio", name, value: show, on: { change: () => change({ show }) } });
    node.append(html("label", { title: SHOW_TOOLTIPS[show] }, input, html("span", {}, SHOW_WORDS[show])));
    return { show, input };
  });
  return {
    node,
    update: (state) => {
      for (const { show, input } of inputs) input.checked = show === state.show;
    },
  };
}

function orderMenu({ data, change }: ToolbarOptions): Toolbar | null {
  const orders = availableOrders(data.filters, data.tuning);
  if (orders.length < 2) return null;
  const menu = html("select", {
    "aria-label": "Order",
    on: { change: () => change({ order: menu.value as Order }) },
  });
  for (const order of orders) menu.append(html("option", { value: order }, ORDER_WORDS[order]));
  return {
    node: menu,
    update: (state) => {
      menu.value = orders.includes(state.order) ? state.order : "index";
    },
  };
}

function classSearch({ data, change }: ToolbarOptions): Toolbar | null {
  const classes = availableClasses(data.filters, data.labels);
  if (classes.length < 2) return null;
  const list = html("datalist", { id: freshId("classes") });
  for (const { label, count } of classes) list.append(html("option", { value: label }, `${count}`));
  const known = new Set(classes.map(({ label }) => label));
  const read = () => {
    const text = input.value.trim();
    if (!text || known.has(text)) change({ class: text });
  };
  const readUnknown = () => change({ class: input.value.trim() });
  const input = html("input", {
    type: "search",
    list: list.id,
    placeholder: "Any class",
    "aria-label": "Only filters with this class among the three that they answer to most",
    autocomplete: "off",
    spellcheck: "false",
    on: { input: read, change: readUnknown },
  });
  return {
    node: html("span", { class: "lurk-class" }, input, list),
    update: (state) => {
      const isTyping = document.activeElement === input && !known.has(state.class);
      if (!isTyping) input.value = state.class;
    },
  };
}

/** A field that opens a filter by its number or its name. */
function filterSearch({ data, goTo }: ToolbarOptions): Toolbar {
  const { index, name } = data.filters;
  const list = html("datalist", { id: freshId("filters") });
  index.forEach((own, at) => {
    if (name[at]) list.append(html("option", { value: `${own} ${name[at]}` }));
  });
  const read = () => {
    const text = input.value.trim().toLowerCase();
    if (!text) return;
    const named = name.findIndex((one) => one?.toLowerCase().includes(text));
    const found = /^\d+/.exec(text)?.[0] ?? index[named];
    input.setCustomValidity(found === undefined ? "No filter is called so" : "");
    input.reportValidity();
    if (found === undefined) return;
    input.value = "";
    goTo(Number(found));
  };
  const input = html("input", {
    type: "search",
    list: list.id,
    placeholder: "Go to filter",
    "aria-label": "Go to a filter by its number or name",
    autocomplete: "off",
    spellcheck: "false",
    on: { change: read, input: () => input.setCustomValidity("") },
  });
  return { node: html("span", { class: "lurk-goto" }, input, list), update: () => {} };
}

function viewMenu({ data, change, signal }: ToolbarOptions): Toolbar {
  const { dead, duplicate } = data.filters;
  const counts: Record<Hide, number> = {
    dead: dead.filter(Boolean).length,
    duplicate: duplicate.filter((other) => other >= 0).length,
  };
  const range = html("input", {
    type: "range",
    min: SIZES.least,
    max: SIZES.most,
    step: 8,
    on: { input: () => change({ size: Number(range.value) }) },
  });
  const boxes = HIDES.map((hide) => {
    const input = html("input", { type: "checkbox", disabled: counts[hide] === 0, on: { change: () => apply() } });
    const words = `${HIDE_WORDS[hide]} (${counts[hide]})`;
    return { hide, input, label: html("label", {}, input, html("span", {}, words)) };
  });
  const apply = () => change({ hide: boxes.filter(({ input }) => input.checked).map(({ hide }) => hide) });
  const size = html("label", { class: "lurk-range" }, html("span", {}, "Tile size"), range);
  const { node } = disclosure("View", "lurk-menu", [size, ...boxes.map(({ label }) => label)], signal);
  return {
    node,
    update: (state) => {
      range.value = String(state.size);
      for (const { hide, input } of boxes) input.checked = state.hide.includes(hide);
    },
  };
}
