// The raw pixels of every size, made as in sharp_usual.js, as <width>x<height>.raw in a folder.
"use strict";
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const sharp = require("sharp");

const [, , jobFile, folder] = process.argv;
const { photo, outputs } = JSON.parse(readFileSync(jobFile));

async function write({ width, height }) {
  const pixels = await sharp(photo)
    .rotate()
    .resize(width, height, { fit: "fill" })
    .removeAlpha()
    .raw()
    .toBuffer();
  writeFileSync(join(folder, `${width}x${height}.raw`), pixels);
}

Promise.all(outputs.map(write));
