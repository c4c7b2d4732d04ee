import { useState } from 'react';
import { useShop } from '../../shared/shop.ts';
import { Drawing } from './drawing.tsx';

interface Props {
  readonly productId: string;
  readonly imageFile?: string | undefined;
  /** Empty where the product's name is beside it. */
  readonly alt?: string;
}

export function Picture({ productId, imageFile, alt = '' }: Props) {
  const { picturesUrl } = useShop().config;
  const [isBroken, setBroken] = useState(false);
  if (picturesUrl === undefined || imageFile === undefined || isBroken) return <Drawing seed={productId} />;
  const source = `${picturesUrl.replace(/\/$/, '')}/${imageFile.split('/').map(encodeURIComponent).join('/')}`;
  return <img src={source} alt={alt} loading="lazy" decoding="async" onError={() => setBroken(true)} />;
}
