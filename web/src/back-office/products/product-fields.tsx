import type { ChangeEvent } from 'react';
import { TextArea, TextField } from '../../shared/ui/field.tsx';
import { PRODUCT_LABELS, type ProductForm } from './form.ts';

interface Props {
  readonly values: ProductForm;
  readonly errorOf: (field: keyof ProductForm) => string | undefined;
  readonly onChange: (values: ProductForm) => void;
}

export function ProductFields({ values, errorOf, onChange }: Props) {
  const field = (name: keyof ProductForm) => ({
    name,
    label: PRODUCT_LABELS[name],
    value: values[name],
    error: errorOf(name),
    onChange: ({ target }: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) =>
      onChange({ ...values, [name]: target.value }),
  });
  return (
    <>
      <TextField required maxLength={500} {...field('name')} />
      <div className="pair">
        <TextField required maxLength={200} {...field('category')} />
        <TextField required inputMode="decimal" {...field('price')} />
      </div>
      <TextArea rows={4} maxLength={4000} {...field('description')} />
      <TextField hint="The name of a file." maxLength={500} {...field('imageFile')} />
    </>
  );
}
