/** How each kind of picture was computed, in words. */
import type { FieldStatus, LayerData } from "../../data/schema";
import { disclosure } from "../../draw/disclosure";
import { html } from "../../draw/dom";

const GRADIENTS: Record<string, string> = {
  guided: "Guided backpropagation passes back only what is positive on both ways.",
  deconv: "Deconvolution passes back only positive gradients, whatever the way forward.",
  saliency: "The plain gradient shows how much each pixel would change the response.",
};
const RECOVERY = " Such pictures are in part image recovery: they also redraw edges that the filter does not need.";
const FIELDS: Record<FieldStatus, string> = {
  exact: "It holds every pixel that can reach the unit, and no other.",
  effective: "The whole picture can reach the unit, so the box holds the part that matters most.",
  whole: "It is the whole picture.",
};

/** The explanation, hidden until its button is pressed. */
export function methodSection({ layer, gradient, top_k }: LayerData): HTMLElement {
  const note = layer.field_note ? ` ${layer.field_note}` : "";
  const recovery = gradient === "saliency" ? "" : RECOVERY;
  const paragraphs = [
    `Scores are the filter's convolution output, before any activation, in the network's own units. The ${top_k} strongest pictures are shown, each at most once a row.`,
    `A crop is the receptive field of the strongest unit. ${FIELDS[layer.receptive_field.status]}${note} Hatching marks what lies outside the picture.`,
    `A gradient projects the response back to the pixels; mid-grey is zero, and each picture has its own contrast. ${GRADIENTS[gradient] ?? ""}${recovery} The mask shows the photo where the smoothed gradient is large.`,
    "The synthesis starts from faint noise and climbs the filter's mean response. Its score is measured on a clean pass and compared with the best photo's mean response.",
  ];
  const nodes = paragraphs.map((text) => html("p", {}, text));
  return disclosure("How these pictures were made", "lurk-how", nodes).node;
}
