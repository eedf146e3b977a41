/** What a box tells on hover and on focus: kind, shape, parameters, field, a strip of filters. */
import { fieldSquare } from "../charts/field";
import { html } from "../draw/dom";
import { type Sheets, view } from "../draw/view";
import { count, plural } from "../words";
import { type Item, layersIn, opName } from "./tree";

const FIELD_WORDS = { exact: "sees", effective: "sees mostly", whole: "sees the whole picture:" } as const;

/** The card's content. `input` is the network's input size, for the field's drawing. */
export function cardOf(item: Item, sheets: Sheets, input: readonly [number, number] | null): Node[] {
  if (item.kind !== "op") {
    const name = item.kind === "run" ? `${plural(item.children.length, "block")} built alike` : item.name;
    return [
      title(name),
      line(`${item.type ? `${item.type}, ` : ""}${plural(layersIn(item), "layer")}. Press to unfold or fold.`),
    ];
  }
  const { layer, node, after } = item;
  const parts: Node[] = [title(layer?.name ?? opName(node.type))];
  const kind = layer?.kind ?? node.type;
  const shape = (layer?.output ?? node.output)?.join(" × ");
  parts.push(line([kind, shape ? `output ${shape}` : ""].filter(Boolean).join(", ")));
  const figures = [
    node.parameters || layer?.parameters ? plural2(node.parameters || layer?.parameters || 0, "parameter") : "",
    node.macs || layer?.macs ? plural2(node.macs || layer?.macs || 0, "multiply-add") : "",
  ].filter(Boolean);
  if (figures.length) parts.push(line(figures.join(", ")));
  if (after.length) parts.push(line(`then ${after.join(", ")}`));
  if (layer?.field?.size) {
    const { size, status } = layer.field;
    const words = `A unit ${FIELD_WORDS[status] ?? "sees"} ${size.join(" × ")} pixels.`;
    parts.push(
      html("div", { class: "lurk-card-field" }, input ? fieldSquare({ size, input }) : null, html("span", {}, words)),
    );
  }
  if (layer?.strip?.length) {
    const strip = html("div", { class: "lurk-card-strip" });
    for (const [, picture] of layer.strip) strip.append(view(picture, sheets));
    parts.push(strip);
  }
  return parts;
}

function title(text: string): HTMLElement {
  return html("strong", {}, text);
}

function line(text: string): HTMLElement {
  return html("div", {}, text);
}

function plural2(number: number, word: string): string {
  return `${count(number)} ${word}${number === 1 ? "" : "s"}`;
}
