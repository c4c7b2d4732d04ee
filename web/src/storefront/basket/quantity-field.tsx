import { useEffect, useId, useState } from 'react';
import { MAX_UNITS } from './guest-basket.ts';

interface Props {
  readonly label: string;
  readonly value: number;
  readonly onChange: (quantity: number) => void;
}

/** 1 to 99 units: typed, or stepped with the buttons. */
export function QuantityField({ label, value, onChange }: Props) {
  const id = useId();
  const [typed, setTyped] = useState(String(value));
  useEffect(() => setTyped(String(value)), [value]);

  const accept = (text: string): void => {
    const quantity = Number(text);
    if (Number.isInteger(quantity) && quantity >= 1 && quantity <= MAX_UNITS) {
      if (quantity !== value) onChange(quantity);
    } else {
      setTyped(String(value));
    }
  };
  return (
    <div className="field quantity">
      <label htmlFor={id}>{label}</label>
      <div className="stepper">
        <button type="button" aria-label="One less" disabled={value <= 1} onClick={() => onChange(value - 1)}>
          −
        </button>
        <input
          id={id}
          inputMode="numeric"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          onBlur={() => accept(typed)}
          onKeyDown={(event) => {
            if (event.key === 'Enter') accept(typed);
          }}
        />
        <button type="button" aria-label="One more" disabled={value >= MAX_UNITS} onClick={() => onChange(value + 1)}>
          +
        </button>
      </div>
    </div>
  );
}
