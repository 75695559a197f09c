import { toBuffer, toString as toText } from "qrcode";

export interface QrCode {
  /** An SVG document. */
  readonly svg: string;
  /** A PNG file. */
  readonly png: Uint8Array;
}

/** Dark on light with a quiet zone of four modules, as the standard wants it; a tenth of it may be stained. */
const look = { errorCorrectionLevel: "M", margin: 4 } as const;

/** Large enough to be printed on a card. */
const pixelsPerModule = 10;

export async function renderQrCode(text: string): Promise<QrCode> {
  const [svg, png] = await Promise.all([
    toText(text, { ...look, type: "svg" }),
    toBuffer(text, { ...look, type: "png", scale: pixelsPerModule }),
  ]);
  return { svg, png };
}
