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
    "lurk-live": "src/lurk-live.ts",
    "lurk-live-worker": "src/live/worker.ts",
    "lurk-map": "src/lurk-map.ts",
    "lurk-matrix": "src/lurk-matrix.ts",
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
  if (name === "lurk-live-worker.js") await writeRuntime(file.text);
  else await write(name, file.contents);
}
await writeFile(join(out, "lurk-licenses.txt"), await notices(result.metafile));

/**
 * The files with which pages run a network. `lurk-live-runtime.js` is a classic script with the runtime's binary and, as text, the two
 * scripts beside it: a page on disk can load nothing else, and one with a strict policy loads those by their addresses.
 */
async function writeRuntime(worker) {
  const dist = join(here, "node_modules", "onnxruntime-web", "dist");
  const api = await readFile(join(dist, "ort.wasm.min.js"), "utf8");
  const module = await readFile(join(dist, "ort-wasm-simd-threaded.mjs"), "utf8");
  const binary = gzipSync(await readFile(join(dist, "ort-wasm-simd-threaded.wasm")), { level: 9 }).toString("base64");
  const whole = `${api.replace(/^\/\/# sourceMappingURL=.*$/m, "")}\n${worker}`;
  await write("lurk-live-worker.js", whole);
  await write("lurk-live-ort.mjs", module.replace(/^\/\/# sourceMappingURL=.*$/m, ""));
  const files = JSON.stringify({ worker: whole, module, binary });
  await write("lurk-live-runtime.js", `(window.lurkData||={})["lurk/live-runtime"]=${files};\n`);
}

async function write(name, contents) {
  await writeFile(join(out, name), contents);
  const packed = kilobytes(gzipSync(contents, { level: 9 }).length);
  console.log(`${name.padEnd(20)} ${kilobytes(Buffer.byteLength(contents))} (${packed} gzipped)`);
}

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
  const { version } = JSON.parse(await readFile(join(here, "node_modules/onnxruntime-web/package.json"), "utf8"));
  const mit = await readFile(join(here, "licenses", "onnxruntime-web.txt"), "utf8");
  parts.push(
    `onnxruntime-web ${version} (MIT), in lurk-live-worker.js, lurk-live-ort.mjs and lurk-live-runtime.js\n\n${mit}`,
  );
  return `The scripts contain parts of these packages.\n\n${parts.join("\n---\n\n")}`;
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
}
