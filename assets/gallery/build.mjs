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

const SHARED = ["d3-color", "d3-interpolate", "d3-selection"];

/** Takes the packages that lurk.js leaves in the window (src/shared.ts) from there: it runs before every other script. */
const shared = {
  name: "shared",
  setup(bundler) {
    const filter = new RegExp(`^(${SHARED.join("|")})$`);
    bundler.onResolve({ filter }, ({ path }) => ({ path, namespace: "shared" }));
    bundler.onLoad({ filter: /.*/, namespace: "shared" }, ({ path }) => ({
      contents: `module.exports = window.lurkPackages["${path}"];`,
    }));
  },
};

const common = {
  absWorkingDir: here,
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
};
const results = await Promise.all([
  build({ ...common, entryPoints: { lurk: "src/lurk.ts", "lurk-style": "src/style/lurk.css" } }),
  build({ ...common, entryPoints: { "lurk-map": "src/lurk-map.ts" }, plugins: [shared] }),
]);

await mkdir(out, { recursive: true });
for (const file of results.flatMap(({ outputFiles }) => outputFiles)) {
  const name = file.path.endsWith(".css") ? "lurk.css" : file.path.slice(file.path.lastIndexOf("/") + 1);
  await writeFile(join(out, name), file.contents);
  console.log(
    `${name.padEnd(12)} ${kilobytes(file.contents.length)} (${kilobytes(gzipSync(file.contents, { level: 9 }).length)} gzipped)`,
  );
}
await writeFile(join(out, "lurk-licenses.txt"), await notices(results.map(({ metafile }) => metafile)));

/** The licence of every package that went into the bundles, as those licences ask. */
async function notices(metafiles) {
  const folders = new Set();
  for (const input of metafiles.flatMap(({ inputs }) => Object.keys(inputs))) {
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
  return `lurk.js and lurk-map.js contain parts of these packages.\n\n${parts.join("\n---\n\n")}`;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
}
