// sharp at its best: the photo is decoded once, to the largest size as raw pixels; each smaller
// size is made once from clones of those, and each file from clones of its size.
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const sharp = require("sharp");

const [, , jobFile, folder] = process.argv;
const { photo, outputs } = JSON.parse(readFileSync(jobFile));

async function resized(pipeline, { width, height }) {
  const { data, info } = await pipeline
    .resize(width, height, { fit: "fill" })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } });
}

async function encoded(pixels, { name, format, quality, effort, progressive }) {
  const body = await pixels.clone().toFormat(format, { quality, effort, progressive }).toBuffer();
  return [`${name}.${format}`, body];
}

async function main() {
  const bySize = new Map(outputs.map((output) => [sizeOf(output), []]));
  for (const output of outputs) bySize.get(sizeOf(output)).push(output);
  const largest = outputs.reduce((one, other) => (other.width > one.width ? other : one));
  const all = await resized(sharp(photo).rotate(), largest);
  const made = await Promise.all(
    [...bySize].map(async ([size, files]) => {
      const pixels = size === sizeOf(largest) ? all : await resized(all.clone(), files[0]);
      return Promise.all(files.map((output) => encoded(pixels, output)));
    }),
  );
  if (folder) for (const [file, body] of made.flat()) writeFileSync(join(folder, file), body);
}

function sizeOf({ width, height }) {
  return `${width}x${height}`;
}

main();
