// Formats numbers for people. Most functions return [number, unit], because the page shows the unit
// in a smaller font.

const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });

export const NOTHING = ["–", ""];

export function count(value) {
  if (value === null || value === undefined) return NOTHING;
  return [(value < 10 ? tenths : whole).format(value), ""];
}

export function share(value) {
  return [whole.format(value * 100), "%"];
}

export function perSecond(value) {
  return [(value < 10 ? tenths : whole).format(value), "/s"];
}

export function milliseconds(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value >= 1000) return [tenths.format(value / 1000), "s"];
  return [(value < 10 ? tenths : whole).format(value), "ms"];
}

export function bytes(value) {
  if (value === null || value === undefined) return NOTHING;
  const units = ["B", "KB", "MB", "GB", "TB"];
  let step = 0;
  while (value >= 1000 && step < units.length - 1) {
    value /= 1000;
    step += 1;
  }
  return [(value < 10 && step ? tenths : whole).format(value), units[step]];
}

export function bytesPerSecond(value) {
  const [number, unit] = bytes(value);
  return [number, `${unit}/s`];
}

export function duration(ms) {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} days`;
}

// The largest unit only, for a table column.
export function briefly(ms) {
  return duration(ms).replace(/ h .*/, " h");
}

export function text([number, unit]) {
  return unit && !unit.startsWith("/") ? `${number} ${unit}` : `${number}${unit}`;
}
