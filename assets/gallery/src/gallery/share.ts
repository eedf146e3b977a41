/** What a visitor may take away of a filter: its address, an embed, its figures, its picture. */
import { type ChunkData, type FilterDetail, type LayerData, type Pic, present } from "../data/format";
import { html } from "../draw/dom";
import { sheetsOf } from "../draw/view";

export interface TakeAwayOptions {
  filter: FilterDetail;
  chunk: ChunkData;
  base: URL;
  data: LayerData;
}

/** Four quiet buttons and a line that says what happened. */
export function takeAway({ filter, chunk, base, data }: TakeAwayOptions): HTMLElement {
  const status = html("span", { class: "lurk-status", role: "status" });
  const say = (text: string) => {
    status.textContent = text;
  };
  const button = (word: string, act: () => void | Promise<void>) =>
    html("button", { type: "button", class: "lurk-link", on: { click: () => void act() } }, word);
  const stem = `${data.model}-${data.layer.slug}-${filter.index}`;
  const node = html(
    "div",
    { class: "lurk-take" },
    button("Copy link", async () =>
      say((await copy(permanentLink(filter.index))) ? "Link copied." : "The browser did not allow it."),
    ),
    button("Copy embed", async () =>
      say(
        (await copy(embed(data, filter.index)))
          ? "Embed copied: paste it into a Markdown page of this site."
          : "The browser did not allow it.",
      ),
    ),
    button("Download JSON", () =>
      save(new Blob([JSON.stringify(filter, null, 2)], { type: "application/json" }), `${stem}.json`),
    ),
  );
  const made = filter.max_activ;
  if (present(made)) {
    node.append(
      button("Download picture", async () => {
        const sheet = sheetsOf(chunk.sheets, base)(made.picture[0]);
        const blob = await cut(sheet, made.picture);
        if (blob) save(blob, `${stem}.png`);
        else window.open(sheet, "_blank", "noopener"); // pages from disk may not read pictures back
      }),
    );
  }
  node.append(status);
  return node;
}

/** The fence that shows a filter in an author's own page. */
export function embed(data: LayerData, index: number): string {
  return `\`\`\`lurk\nmodel: ${data.model}\nlayer: ${data.layer.name}\nfilter: ${index}\n\`\`\`\n`;
}

/** A filter's address, without the visitor's own view. */
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

/** The old way, for pages that are neither secure nor local. */
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

async function cut(sheet: string, [, x, y, width, height]: Pic): Promise<Blob | null> {
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
