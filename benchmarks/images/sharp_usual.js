// sharp as most people write it: one pipeline from the original for each output, all awaited
// together. With a folder, the outputs are written there.
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const sharp = require("sharp");

const [, , jobFile, folder] = process.argv;
const { photo, outputs } = JSON.parse(readFileSync(jobFile));

async function make(output) {
  const { name, width, height, format, quality, effort, progressive } = output;
  const body = await sharp(photo)
    .rotate()
    .resize(width, height, { fit: "fill" })
    .toFormat(format, { quality, effort, progressive })
    .toBuffer();
  return [`${name}.${format}`, body];
}

Promise.all(outputs.map(make)).then((made) => {
  if (folder) for (const [file, body] of made) writeFileSync(join(folder, file), body);
});
