package store

import "context"

// How many documents Each reads at a time, and about how many bytes these may
// have. Only of the first batch it is not known how large they are.
const (
	firstBatch = 20
	mostBatch  = 500
	batchBytes = 8 << 20
)

// Each gives the documents that q asks for one by one, until each says no
// more. They are read in batches, so that all of them need never be in memory;
// what is written meanwhile may be among them or not. q.Limit is how many are
// expected to be wanted, 0 being unknown, and no limit.
func Each(ctx context.Context, docs Docs, q Query, each func(Doc) (more bool, err error)) error {
	if q.Limit <= 0 || q.Limit > firstBatch {
		q.Limit = firstBatch
	}
	for {
		found, err := docs.List(ctx, q)
		if err != nil {
			return err
		}
		size := 1
		for _, d := range found {
			if more, err := each(d); err != nil || !more {
				return err
			}
			size += len(d.JSON)
		}
		if len(found) < q.Limit {
			return nil
		}
		last := found[len(found)-1]
		q.After, q.AfterAccount, q.AfterCreated = last.ID, last.Account, last.Created
		q.Limit = max(1, min(4*q.Limit, mostBatch, batchBytes/(size/len(found)+1)))
	}
}
