/** Somebody else changed the product since it was read: both versions, and a choice. */
import { Button } from '../../shared/ui/button.tsx';
import { differences, PRODUCT_LABELS, type ProductForm } from './form.ts';

interface Props {
  readonly mine: ProductForm;
  readonly theirs: ProductForm;
  readonly onTakeTheirs: () => void;
  readonly onKeepMine: () => void;
}

export function Conflict({ mine, theirs, onTakeTheirs, onKeepMine }: Props) {
  const fields = differences(mine, theirs);
  return (
    <div className="notice notice-bad" role="alert">
      <h2>Somebody else changed this product</h2>
      {fields.length === 0 ? (
        <p>Their version has what you entered.</p>
      ) : (
        <div className="table-wrap" tabIndex={0} role="region" aria-label="Differences">
          <table>
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">Theirs</th>
                <th scope="col">Yours</th>
              </tr>
            </thead>
            <tbody>
              {fields.map((field) => (
                <tr key={field}>
                  <th scope="row">{PRODUCT_LABELS[field]}</th>
                  <td>
                    <bdi>{theirs[field] || '–'}</bdi>
                  </td>
                  <td>
                    <bdi>{mine[field] || '–'}</bdi>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div className="actions">
        <Button kind="plain" onClick={onTakeTheirs}>
          Take theirs
        </Button>
        {fields.length > 0 && (
          <Button kind="plain" onClick={onKeepMine}>
            Go on with mine
          </Button>
        )}
      </div>
    </div>
  );
}
