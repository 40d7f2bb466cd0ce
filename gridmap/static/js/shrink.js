// A photo made small on the phone: at most so many pixels, upright, and without what the camera wrote into it.
const LONGEST = 1600;
const QUALITY = 0.8;

function text(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** The picture as a JPEG blob, and as an address to show it; rejects what the browser cannot draw. */
export async function shrink(file) {
  const picture = new Image();
  picture.src = await text(file);
  await picture.decode();
  const share = Math.min(1, LONGEST / Math.max(picture.naturalWidth, picture.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.naturalWidth * share));
  canvas.height = Math.max(1, Math.round(picture.naturalHeight * share));
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!blob) throw new Error("no picture");
  return { blob, address: canvas.toDataURL("image/jpeg", 0.5) };
}
