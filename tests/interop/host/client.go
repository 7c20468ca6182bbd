// Package host plays the block builder host of a node under test: gRPC calls of proto/flblk/v1.
//
// No stubs are generated: the .proto files of the tree are compiled when a test starts, and Go structs with JSON tags
// are mapped by field name. A field that does not exist in the .proto file is an error at its first use.
package host

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

const callLimit = 10 * time.Second

var compiled = sync.OnceValues(func() (linker.Files, error) {
	c := protocompile.Compiler{Resolver: &protocompile.SourceResolver{
		ImportPaths: []string{filepath.Join("..", "..", "proto"), filepath.Join("..", "..", "..", "proto")},
	}}
	return c.Compile(context.Background(), "flblk/v1/builder.proto", "flblk/v1/admin.proto")
})

// Client of one node.
type Client struct {
	conn  *grpc.ClientConn
	files linker.Files
}

// Dial connects to `target` (unix:/path or host:port). It does not wait for the node.
func Dial(t testing.TB, target string) *Client {
	t.Helper()
	files, err := compiled()
	if err != nil {
		t.Fatalf("compiling proto/flblk/v1: %v", err)
	}
	conn, err := grpc.NewClient(target, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(64<<20)))
	if err != nil {
		t.Fatalf("gRPC target %q: %v", target, err)
	}
	t.Cleanup(func() { conn.Close() })
	return &Client{conn: conn, files: files}
}

// method finds e.g. "Builder/Publish".
func (c *Client) method(service, name string) (protoreflect.MethodDescriptor, string, error) {
	for _, file := range c.files {
		if s := file.Services().ByName(protoreflect.Name(service)); s != nil {
			if m := s.Methods().ByName(protoreflect.Name(name)); m != nil {
				return m, fmt.Sprintf("/%s/%s", s.FullName(), name), nil
			}
		}
	}
	return nil, "", fmt.Errorf("proto/flblk/v1 has no %s/%s", service, name)
}

func toProto(d protoreflect.MessageDescriptor, from any) (*dynamicpb.Message, error) {
	text, err := json.Marshal(from)
	if err != nil {
		return nil, err
	}
	m := dynamicpb.NewMessage(d)
	return m, protojson.Unmarshal(text, m)
}

func fromProto(m *dynamicpb.Message, into any) error {
	text, err := protojson.MarshalOptions{UseProtoNames: true, EmitUnpopulated: false}.Marshal(m)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

// Call makes one unary call within `limit`; the error is a gRPC status.
func (c *Client) Call(limit time.Duration, service, name string, in, out any) error {
	m, path, err := c.method(service, name)
	if err != nil {
		return err
	}
	request, err := toProto(m.Input(), in)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	reply := dynamicpb.NewMessage(m.Output())
	if err := c.conn.Invoke(ctx, path, request, reply, grpc.WaitForReady(true)); err != nil {
		return err
	}
	return fromProto(reply, out)
}

// Stream is a streaming call; its values are Go structs.
type Stream struct {
	stream grpc.ClientStream
	method protoreflect.MethodDescriptor
	stop   context.CancelFunc
}

// Open starts a streaming call which lives until Close, or the end of the test.
func (c *Client) Open(t testing.TB, service, name string) *Stream {
	t.Helper()
	m, path, err := c.method(service, name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	desc := &grpc.StreamDesc{StreamName: name, ServerStreams: m.IsStreamingServer(), ClientStreams: m.IsStreamingClient()}
	stream, err := c.conn.NewStream(ctx, desc, path, grpc.WaitForReady(true))
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return &Stream{stream: stream, method: m, stop: cancel}
}

// Send writes one request.
func (s *Stream) Send(in any) error {
	m, err := toProto(s.method.Input(), in)
	if err != nil {
		return err
	}
	return s.stream.SendMsg(m)
}

// Recv reads one response. It blocks; use a reader goroutine where time matters.
func (s *Stream) Recv(out any) error {
	m := dynamicpb.NewMessage(s.method.Output())
	if err := s.stream.RecvMsg(m); err != nil {
		return err
	}
	return fromProto(m, out)
}

// CloseSend ends the requests.
func (s *Stream) CloseSend() error { return s.stream.CloseSend() }

// Close ends the call.
func (s *Stream) Close() { s.stop() }
