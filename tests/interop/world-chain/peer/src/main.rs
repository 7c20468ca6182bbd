//! A node of World Chain's flashblocks network, made of World Chain's own protocol handler and reth's network manager,
//! driven by lines.
//!
//!     world-chain-peer PORT NODE_KEY AUTHORIZER_VK [BUILDER_SK]        (hex without 0x)
//!
//! In:  dial ENODE | trust ENODE | start AUTHORIZATION | publish AUTHORIZATION FLASHBLOCK | stop | reputation PEER_ID
//!      (authorizations and flashblocks as hex of their RLP)
//! Out: enode URL | up PEER_ID | down PEER_ID REASON | status idle|waiting|publishing | flashblock HEX |
//!      reputation N | error TEXT
//! The end of input ends the program. Logs go to standard error (RUST_LOG).

use std::net::{Ipv4Addr, SocketAddr};

use alloy_primitives::hex;
use alloy_rlp::{Decodable, Encodable};
use ed25519_dalek::{SigningKey, VerifyingKey};
use eyre::eyre::{OptionExt, Result, eyre};
use futures::StreamExt;
use reth_network::{
    EthNetworkPrimitives, NetworkConfigBuilder, NetworkEventListenerProvider, NetworkHandle,
    NetworkManager, Peers, PeersInfo, protocol::IntoRlpxSubProtocol,
};
use reth_network_api::events::PeerEvent;
use reth_network_peers::NodeRecord;
use reth_tasks::{RuntimeBuilder, RuntimeConfig, TokioConfig};
use tokio::io::{AsyncBufReadExt, BufReader};
use world_chain_p2p::protocol::handler::{
    FlashblocksHandle, FlashblocksP2PProtocol, PublishingStatus,
};
use world_chain_primitives::{
    p2p::{Authorization, AuthorizedPayload},
    primitives::FlashblocksPayloadV1,
};

fn key_bytes(text: &str) -> Result<[u8; 32]> {
    hex::decode(text)?.try_into().map_err(|_| eyre!("a key has 32 bytes"))
}

fn decode<T: Decodable>(text: &str) -> Result<T> {
    Ok(T::decode(&mut hex::decode(text)?.as_slice())?)
}

struct Peer {
    network: NetworkHandle,
    flashblocks: FlashblocksHandle,
}

impl Peer {
    /// Obeys one line.
    async fn obey(&self, line: &str) -> Result<()> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words.as_slice() {
            ["dial", enode] => {
                let record: NodeRecord = enode.parse()?;
                self.network.connect_peer(record.id, record.tcp_addr());
            }
            ["trust", enode] => {
                let record: NodeRecord = enode.parse()?;
                self.network.add_trusted_peer(record.id, record.tcp_addr());
            }
            ["start", authorization] => {
                self.flashblocks.start_publishing(decode::<Authorization>(authorization)?)?;
            }
            ["publish", authorization, flashblock] => {
                let payload = AuthorizedPayload::new(
                    self.flashblocks.builder_sk()?,
                    decode::<Authorization>(authorization)?,
                    decode::<FlashblocksPayloadV1>(flashblock)?,
                );
                self.flashblocks.publish_new(payload)?;
            }
            ["stop"] => self.flashblocks.stop_publishing()?,
            ["reputation", id] => {
                let reputation = self.network.reputation_by_id(id.parse()?).await?;
                println!("reputation {}", reputation.ok_or_eyre("no such peer")?);
            }
            _ => return Err(eyre!("unknown line: {line}")),
        }
        Ok(())
    }

    fn print_events(&self) {
        let mut peers = self.network.event_listener();
        tokio::spawn(async move {
            while let Some(event) = peers.next().await {
                match PeerEvent::from(event) {
                    PeerEvent::SessionEstablished(info) => println!("up {:x}", info.peer_id),
                    PeerEvent::SessionClosed { peer_id, reason } => {
                        println!("down {peer_id:x} {reason:?}")
                    }
                    _ => {}
                }
            }
        });
        let mut flashblocks = Box::pin(self.flashblocks.flashblock_stream());
        tokio::spawn(async move {
            while let Some(flashblock) = flashblocks.next().await {
                let mut rlp = Vec::new();
                flashblock.encode(&mut rlp);
                println!("flashblock {}", hex::encode(rlp));
            }
        });
        let mut status = self.flashblocks.state.lock().publishing_status.subscribe();
        tokio::spawn(async move {
            loop {
                let name = match *status.borrow_and_update() {
                    PublishingStatus::NotPublishing { .. } => "idle",
                    PublishingStatus::WaitingToPublish { .. } => "waiting",
                    PublishingStatus::Publishing { .. } => "publishing",
                };
                println!("status {name}");
                if status.changed().await.is_err() {
                    return;
                }
            }
        });
    }
}

async fn start(arguments: &[String]) -> Result<Peer> {
    let [port, node_key, authorizer, builder @ ..] = arguments else {
        return Err(eyre!("usage: world-chain-peer PORT NODE_KEY AUTHORIZER_VK [BUILDER_SK]"));
    };
    let builder = builder.first().map(|sk| key_bytes(sk)).transpose()?;
    let flashblocks = FlashblocksHandle::new(
        VerifyingKey::from_bytes(&key_bytes(authorizer)?)?,
        builder.map(|sk| SigningKey::from_bytes(&sk)),
    );
    let runtime = RuntimeConfig::default()
        .with_tokio(TokioConfig::ExistingHandle(tokio::runtime::Handle::current()));
    let config = NetworkConfigBuilder::<EthNetworkPrimitives>::new(
        node_key.parse()?,
        RuntimeBuilder::new(runtime).build()?,
    )
    .listener_addr(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse()?)))
    .disable_discovery()
    .disable_nat()
    .build_with_noop_provider(reth_chainspec::MAINNET.clone());
    let mut builder = NetworkManager::builder(config).await?;
    let protocol = FlashblocksP2PProtocol::new(builder.handle(), flashblocks.clone());
    builder.network_mut().add_rlpx_sub_protocol(protocol.into_rlpx_sub_protocol());
    let (network, manager, _, _) = builder.split_with_handle();
    tokio::spawn(manager);
    Ok(Peer { network, flashblocks })
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let peer = start(&arguments).await?;
    peer.print_events();
    println!("enode {}", peer.network.local_node_record());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        if let Err(error) = peer.obey(&line).await {
            println!("error {error}");
        }
    }
    Ok(())
}
