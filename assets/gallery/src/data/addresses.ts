/** Addresses of pages. */

/** A layer's name in addresses: anything outside letters, digits, ".", "_" and "-" becomes "-". */
export function slug(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]/g, "-");
}

/** A layer's name in addresses; `exceptions` holds those of the model's layers that do not follow the rule of `slug`. */
export function layerAddress(name: string, exceptions: Readonly<Record<string, string>>): string {
  return new Map(Object.entries(exceptions)).get(name) ?? slug(name);
}

/**
 * The address of a layer's page.
 *
 * @param modelFolder The folder of the model's pages, which holds one folder or file per layer.
 * @param layerSlug The layer's name in addresses.
 * @param suffix What ends a page's address: "/" where pages are folders, else ".html".
 */
export function layerPage(modelFolder: URL, layerSlug: string, suffix: string): string {
  const page = new URL(`${layerSlug}${suffix}`, inLanguage(modelFolder));
  // On disk a folder's address shows its files, not its page.
  if (page.protocol === "file:" && page.pathname.endsWith("/")) page.pathname += "index.html";
  return page.href;
}

/** The folder of a model's pages in the language of this page; the data lie once, beside the pages of the default language. */
function inLanguage(modelFolder: URL): URL {
  const folder = document.querySelector<HTMLElement>("[data-pages-in]")?.dataset.pagesIn;
  return folder ? new URL(folder, modelFolder) : modelFolder;
}
