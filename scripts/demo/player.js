// Plays each <video data-stream> of the demo's page: natively where the browser can, else with
// hls.js, else the download. `?player=hls.js` takes hls.js in any case.
const wanted = new URLSearchParams(location.search).get("player");
const players = [];

function complain(video, sentence) {
  console.error(sentence);
  video.nextElementSibling.textContent = sentence;
}

function playWithHlsJs(video, stream) {
  const player = new Hls();
  player.on(Hls.Events.ERROR, (_event, error) => {
    const sentence = `hls.js: ${error.type}, ${error.details}`;
    if (error.fatal) complain(video, sentence);
    else console.warn(sentence);
  });
  player.loadSource(stream);
  player.attachMedia(video);
  players.push(player);
}

function playNatively(video, stream) {
  video.addEventListener("error", () => complain(video, `The browser: ${video.error.message}`));
  video.src = stream;
}

for (const video of document.querySelectorAll("video[data-stream]")) {
  const { stream, download } = video.dataset;
  const playedBy = video.nextElementSibling;
  const isNative = video.canPlayType("application/vnd.apple.mpegurl") !== "";
  if (window.Hls?.isSupported() && (wanted === "hls.js" || !isNative)) {
    playedBy.textContent = `The stream, played by hls.js ${Hls.version}.`;
    playWithHlsJs(video, stream);
  } else if (isNative) {
    playedBy.textContent = "The stream, played by the browser itself.";
    playNatively(video, stream);
  } else {
    playedBy.textContent = "This browser plays no HLS, and there is no hls.js for it: the download.";
    if (download) video.src = download;
  }
}
