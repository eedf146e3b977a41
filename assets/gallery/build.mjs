// Bundles the front end: node build.mjs [--out FOLDER] [--dev]
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const { values } = parseArgs({ options: { out: { type: "string" }, dev: { type: "boolean", default: false } } });
const out = resolve(values.out ?? join(here, "../../mkdocs_lurk/pages/static"));

const result = await build({
  absWorkingDir: here,
  entryPoints: {
    lurk: "src/lurk.ts",
    "lurk-gallery": "src/lurk-gallery.ts",
    "lurk-map": "src/lurk-map.ts",
    "lurk-quiz": "src/lurk-quiz.ts",
    "lurk-words": "src/lurk-words.ts",
    "lurk-style": "src/style/lurk.css",
  },
  outdir: out,
  write: false,
  bundle: true,
  format: "iife",
  target: ["chrome105", "firefox110", "safari16"],
  minify: !values.dev,
  sourcemap: values.dev ? "inline" : false,
  legalComments: "none",
  metafile: true,
  charset: "utf8",
});

await mkdir(out, { recursive: true });
for (const file of result.outputFiles) {
  const name = file.path.endsWith(".css") ? "lurk.css" : file.path.slice(file.path.lastIndexOf("/") + 1);
  await writeFile(join(out, name), file.contents);
  console.log(
    `${name.padEnd(12)} ${kilobytes(file.contents.length)} (${kilobytes(gzipSync(file.contents, { level: 9 }).length)} gzipped)`,
  );
}
await writeFile(join(out, "lurk-licenses.txt"), await notices(result.metafile));

/** The licence of every package that went into the bundles, as those licences ask. */
async function notices(metafile) {
  const folders = new Set();
  for (const input of Object.keys(metafile.inputs)) {
    const match = /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input);
    if (match) folders.add(match[1]);
  }
  const parts = [];
  for (const name of [...folders].sort()) {
    const folder = join(here, "node_modules", name);
    const { version, license } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    const file = (await readdir(folder)).find((entry) => /^licen[cs]e/i.test(entry));
    const text = file ? await readFile(join(folder, file), "utf8") : "";
    parts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return `lurk-gallery.js and lurk-map.js contain parts of these packages.\n\n${parts.join("\n---\n\n")}`;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
}
