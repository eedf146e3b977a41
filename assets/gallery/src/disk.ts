/** Pages that are read from disk: a browser lists the files of a folder where a server would send the folder's page. */

/** The events before which a link is followed or copied; links may have been drawn since the page was loaded. */
const BEFORE_USE = ["pointerover", "pointerdown", "focusin", "click"] as const;

/** Let every link of a document that was opened from disk lead to a page: those of the theme, and those drawn later, too. */
export function mendLinksFromDisk(page: Document): void {
  if (new URL(page.baseURI).protocol !== "file:") return;
  const mendAll = () => {
    for (const link of page.querySelectorAll("a[href]")) mend(link);
  };
  if (page.readyState === "loading") page.addEventListener("DOMContentLoaded", mendAll, { once: true });
  else mendAll();
  for (const type of BEFORE_USE) {
    page.addEventListener(type, ({ target }) => mend((target as Element | null)?.closest?.("a[href]")), true);
  }
}

/** Let a link to a folder lead to the page in it. */
function mend(link: Element | null | undefined): void {
  const href = link?.getAttribute("href");
  if (!link || !href || href.startsWith("#")) return;
  const pageOfFolder = fromDisk(new URL(href, link.baseURI));
  if (pageOfFolder) link.setAttribute("href", pageOfFolder);
}

/** The address of the page in a folder on disk; null for any other address. */
function fromDisk(address: URL): string | null {
  if (address.protocol !== "file:" || !address.pathname.endsWith("/")) return null;
  address.pathname += "index.html";
  return address.href;
}
