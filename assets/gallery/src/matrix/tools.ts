/** The row above a confusion matrix: the order of its classes, what its squares show, zoom. */
import { iconButton } from "../draw/buttons";
import { freshId, html } from "../draw/dom";
import { MEASURES, type Measure, ORDERS, type Order } from "./squares";

export interface MatrixActions {
  canZoom: boolean;
  order(order: Order): void;
  measure(measure: Measure): void;
  zoom(by: number): void;
}

const ORDER_WORDS: Record<Order, string> = {
  confusion: "Confused classes side by side",
  declared: "As the network has them",
  recall: "Least found first",
};
const MEASURE_WORDS: Record<Measure, string> = { shares: "% of the row", counts: "Pictures" };
const ZOOM_STEP = 1.5;

export function tools(actions: MatrixActions): HTMLElement {
  const menu = html("select", {
    "aria-label": "Order of the classes",
    on: { change: () => actions.order(menu.value as Order) },
  });
  for (const order of ORDERS) menu.append(html("option", { value: order }, ORDER_WORDS[order]));
  const zoom = actions.canZoom && [
    iconButton("−", "Smaller squares", () => actions.zoom(1 / ZOOM_STEP)),
    iconButton("+", "Larger squares", () => actions.zoom(ZOOM_STEP)),
  ];
  return html(
    "div",
    { class: "lurk-toolbar lurk-matrix-tools", role: "group", "aria-label": "How the matrix is shown" },
    menu,
    measureSwitch(actions),
    ...(zoom || []),
  );
}

function measureSwitch({ measure: choose }: MatrixActions): HTMLElement {
  const name = freshId("measure");
  const node = html("div", { class: "lurk-segments", role: "radiogroup", "aria-label": "Squares show" });
  for (const measure of MEASURES) {
    const checked = measure === MEASURES[0];
    const input = html("input", {
      type: "radio",
      name,
      value: measure,
      checked,
      on: { change: () => choose(measure) },
    });
    node.append(html("label", {}, input, html("span", {}, MEASURE_WORDS[measure])));
  }
  return node;
}
