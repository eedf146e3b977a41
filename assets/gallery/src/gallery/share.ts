/** What a visitor may take along of a filter: its address, an embed, its figures, its picture. */
import { type FilterDetail, type LayerData, type Pic, present } from "../data/schema";
import { linkButton } from "../draw/buttons";
import { html } from "../draw/dom";
import type { Sheets } from "../draw/picture";
import { figure } from "./figure";
import { cutOut, figureSource, isWhole, pngFile, save, svgFile } from "./save";

const REFUSED = "The browser did not allow it.";
const LINKED =
  "Saved as an SVG that shows pictures only beside this site: a page from disk may not copy them. From a server the figure holds them.";

export interface Shared {
  filter: FilterDetail;
  data: LayerData;
  /** What the filter is called. */
  title: string;
  sheets: Sheets;
  photos: Sheets;
}

/** A row of buttons, and a status line. */
export function shareButtons(shared: Shared): HTMLElement {
  const { filter, data, sheets } = shared;
  const status = html("span", { class: "lurk-status", role: "status" });
  const stem = `${data.model}-${data.layer.slug}-${filter.index}`;
  const copyAndTell = async (text: string, success: string) => {
    status.textContent = (await copy(text)) ? success : REFUSED;
  };
  const json = () => new Blob([JSON.stringify(filter, null, 2)], { type: "application/json" });
  const synthesis = filter.max_activ;
  const figureButton = (kind: "svg" | "png") =>
    linkButton(`Figure as ${kind.toUpperCase()}`, async () => {
      status.textContent = await saveFigure(shared, kind, stem).catch(() => REFUSED);
    });
  return html(
    "div",
    { class: "lurk-share" },
    linkButton("Copy link", () => void copyAndTell(sharedLink(filter.index), "Link copied.")),
    linkButton(
      "Copy embed",
      () => void copyAndTell(embed(data, filter.index), "Embed copied: paste it into a Markdown page of this site."),
    ),
    liveLink(data.layer.slug, filter.index),
    linkButton("Download JSON", () => save(json(), `${stem}.json`)),
    present(synthesis) &&
      linkButton("Download picture", () => void savePicture(synthesis.picture, sheets, `${stem}-synthesis.png`)),
    figureButton("svg"),
    figureButton("png"),
    status,
  );
}

/** The page that shows the filter's answer to a visitor's own picture; null where the network does not run in browsers. */
function liveLink(slug: string, index: number): HTMLElement | null {
  const page = document.querySelector<HTMLElement>("lurk-gallery[data-live]")?.dataset.live;
  return page ? html("a", { href: `${page}#${slug}/${index}` }, "Show it your picture") : null;
}

/** The fence that shows a filter in an author's own page. */
export function embed(data: LayerData, index: number): string {
  return `\`\`\`lurk\nmodel: ${data.model}\nlayer: ${data.layer.name}\nfilter: ${index}\n\`\`\`\n`;
}

/** A filter's address, without the visitor's own choices. */
export function permanentLink(index: number): string {
  const address = new URL(location.href);
  address.hash = `filter-${index}`;
  return address.href;
}

/** The address to send to others: that of the filter's small page, if it has one, which other sites show with a picture. */
function sharedLink(index: number): string {
  const { origin, pathname, protocol } = location;
  const small = document.querySelector<HTMLElement>("lurk-gallery[data-shared]")?.dataset.shared?.split(" ");
  if (protocol === "file:" || !small?.includes(String(index))) return permanentLink(index);
  return new URL(`filter-${index}/`, origin + pathname).href;
}

async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** Copy as browsers did before the clipboard's interface, which needs a secure or local page. */
function copyBySelection(text: string): boolean {
  const field = html("textarea", { class: "lurk-offscreen", readonly: true, "aria-hidden": "true" });
  const focused = document.activeElement;
  field.value = text;
  (document.querySelector("dialog:modal") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  return done;
}

async function savePicture(picture: Pic, sheets: Sheets, name: string): Promise<void> {
  const sheet = sheets(picture[0]);
  const blob = await cutOut(sheet, picture);
  if (blob) save(blob, name);
  else window.open(sheet, "_blank", "noopener");
}

/** Save the filter as a figure, and say what the file lacks; "" if nothing. */
async function saveFigure(shared: Shared, kind: "svg" | "png", stem: string): Promise<string> {
  const { filter, data, title, sheets, photos } = shared;
  const address = permanentLink(filter.index);
  const drawn = await figure({ filter, data, title, address, sheets, photos, source: figureSource });
  if (!isWhole(drawn)) {
    save(svgFile(drawn), `${stem}.svg`);
    return LINKED;
  }
  const file = kind === "png" ? await pngFile(drawn) : svgFile(drawn);
  if (!file) return REFUSED;
  save(file, `${stem}.${kind}`);
  return "";
}
