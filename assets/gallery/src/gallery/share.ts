/** What a visitor may take along of a filter: its address, an embed, its figures, its picture. */
import { type FilterDetail, type LayerData, type Pic, present } from "../data/schema";
import { linkButton } from "../draw/buttons";
import { html } from "../draw/dom";
import type { Sheets } from "../draw/picture";

const REFUSED = "The browser did not allow it.";

/** A row of buttons, and a status line. */
export function shareButtons(filter: FilterDetail, data: LayerData, sheets: Sheets): HTMLElement {
  const status = html("span", { class: "lurk-status", role: "status" });
  const stem = `${data.model}-${data.layer.slug}-${filter.index}`;
  const copyAndTell = async (text: string, success: string) => {
    status.textContent = (await copy(text)) ? success : REFUSED;
  };
  const json = () => new Blob([JSON.stringify(filter, null, 2)], { type: "application/json" });
  const synthesis = filter.max_activ;
  return html(
    "div",
    { class: "lurk-share" },
    linkButton("Copy link", () => void copyAndTell(permanentLink(filter.index), "Link copied.")),
    linkButton(
      "Copy embed",
      () => void copyAndTell(embed(data, filter.index), "Embed copied: paste it into a Markdown page of this site."),
    ),
    linkButton("Download JSON", () => save(json(), `${stem}.json`)),
    present(synthesis) &&
      linkButton("Download picture", () => void savePicture(synthesis.picture, sheets, `${stem}.png`)),
    status,
  );
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
  else window.open(sheet, "_blank", "noopener"); // pages from disk may not read pictures back
}

/** A picture of a sheet as a PNG; null where the browser may not read it. */
async function cutOut(sheet: string, [, x, y, width, height]: Pic): Promise<Blob | null> {
  try {
    const image = new Image();
    image.src = sheet;
    await image.decode();
    const canvas = html("canvas", { width, height });
    canvas.getContext("2d")?.drawImage(image, x, y, width, height, 0, 0, width, height);
    return await new Promise((resolve) => canvas.toBlob(resolve));
  } catch {
    return null;
  }
}

function save(blob: Blob, name: string): void {
  const address = URL.createObjectURL(blob);
  const link = html("a", { href: address, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
