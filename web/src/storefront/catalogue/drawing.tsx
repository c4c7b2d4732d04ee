/** Stands in for the picture of a product that has none: always the same for the same product. */

const PALETTES = 5;

export function Drawing({ seed }: { readonly seed: string }) {
  const random = randomOf(seed);
  const palette = Math.floor(random() * PALETTES);
  const shapes = COMPOSITIONS[Math.floor(random() * COMPOSITIONS.length)]?.(random);
  return (
    <svg
      className={`drawing drawing-${palette}`}
      viewBox="0 0 400 300"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <rect className="ground" width="400" height="300" />
      {shapes}
    </svg>
  );
}

type Random = () => number;

const COMPOSITIONS: readonly ((random: Random) => React.ReactNode)[] = [
  // Two wheels.
  (random) => {
    const radius = 62 + random() * 18;
    const y = 178 + random() * 14;
    return (
      <>
        <rect className="soft" y={y + radius} width="400" height="120" />
        {[128, 272].map((x) => (
          <circle key={x} className="ring" cx={x} cy={y} r={radius} />
        ))}
        <circle className="bold" cx={128 + random() * 144} cy={y - radius - 18} r={20 + random() * 12} />
      </>
    );
  },
  // A gear.
  (random) => {
    const teeth = 10 + Math.floor(random() * 6);
    const turn = random() * 36;
    return (
      <>
        <circle className="soft" cx="200" cy="150" r="122" />
        {Array.from({ length: teeth }, (_, tooth) => (
          <rect
            key={tooth}
            className="bold"
            x="190"
            y="54"
            width="20"
            height="30"
            rx="4"
            transform={`rotate(${turn + (tooth * 360) / teeth} 200 150)`}
          />
        ))}
        <circle className="bold" cx="200" cy="150" r="76" />
        <circle className="ground" cx="200" cy="150" r="34" />
      </>
    );
  },
  // Hills and a sun.
  (random) => (
    <>
      <circle className="bold" cx={90 + random() * 220} cy={90 + random() * 30} r={34 + random() * 16} />
      <path
        className="soft"
        d={`M0 ${220 - random() * 40} Q100 ${120 + random() * 40} 200 200 T400 ${170 + random() * 40} V300 H0Z`}
      />
      <path
        className="line"
        d={`M0 ${262 - random() * 20} Q120 ${190 + random() * 30} 220 246 T400 ${230 + random() * 20}`}
      />
    </>
  ),
  // Tubes.
  (random) => (
    <>
      {Array.from({ length: 6 }, (_, tube) => (
        <rect
          key={tube}
          className={tube % 3 === 1 ? 'bold' : 'soft'}
          x={40 + tube * 56}
          y={60 + random() * 90}
          width="34"
          height="260"
          rx="17"
        />
      ))}
    </>
  ),
  // Rings.
  (random) => {
    const x = 120 + random() * 160;
    return (
      <>
        {[150, 112, 74].map((radius) => (
          <circle key={radius} className="ring" cx={x} cy="150" r={radius} />
        ))}
        <circle className="bold" cx={x} cy="150" r="36" />
      </>
    );
  },
];

/** A small generator (mulberry32) whose state is the FNV-1a hash of the seed. */
function randomOf(seed: string): Random {
  let state = 0x811c9dc5;
  for (const character of seed) state = Math.imul(state ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
